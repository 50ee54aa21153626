/** A name taken apart; the parts that a shorter name lacks are missing. */
export interface ResourceName {
  readonly project: string;
  readonly location: string;
  readonly keyRing?: string;
  readonly key?: string;
  readonly version?: number;
}

/** Of key rings and keys. */
export const shortNamePattern: RegExp = /^[A-Za-z0-9_-]{1,63}$/;
/** A project id, with the domain it belongs to if it has one, or a project number. */
export const projectPattern: RegExp = /^(?:(?:[a-z][a-z0-9.-]*[a-z0-9]:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{1,19})$/;
/** A region, a multi-region or `global`. */
export const locationPattern: RegExp = /^[a-z][a-z0-9-]{0,62}$/;

const namePattern =
  /^projects\/(?<project>[^/]+)\/locations\/(?<location>[^/]+)(?:\/keyRings\/(?<keyRing>[^/]+)(?:\/cryptoKeys\/(?<key>[^/]+)(?:\/cryptoKeyVersions\/(?<version>[1-9]\d{0,8}))?)?)?$/;

/** Takes a name apart, or gives `undefined` when it is none. */
export function parseResourceName(name: string): ResourceName | undefined {
  const { project = "", location = "", keyRing, key, version } = namePattern.exec(name)?.groups ?? {};
  if (!projectPattern.test(project) || !locationPattern.test(location)) return undefined;
  if ([keyRing, key].some((part) => part !== undefined && !shortNamePattern.test(part))) return undefined;
  return {
    project,
    location,
    ...(keyRing === undefined ? {} : { keyRing }),
    ...(key === undefined ? {} : { key }),
    ...(version === undefined ? {} : { version: Number(version) }),
  };
}

/** The name of a key ring. */
export function keyRingName(project: string, location: string, keyRing: string): string {
  return `projects/${project}/locations/${location}/keyRings/${keyRing}`;
}

/** The name of a version of a key. */
export function versionName(keyName: string, version: number): string {
  return `${keyName}/cryptoKeyVersions/${version}`;
}

const versionPart = "/cryptoKeyVersions/";

/** The name of the key that a key's or version's name names. */
export function keyNameOf(name: string): string {
  const at = name.indexOf(versionPart);
  return at === -1 ? name : name.slice(0, at);
}
