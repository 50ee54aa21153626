import { randomBytes, randomUUID } from "node:crypto";

/** The parts of a KMS ARN. */
export interface KmsArn {
  readonly region: string;
  readonly account: string;
  readonly kind: "key" | "alias";
  /** The key id, or the alias with its `alias/` prefix. */
  readonly name: string;
}

const arnPattern = /^arn:aws:kms:([a-z0-9-]{1,32}):(\d{12}):(?:key\/([A-Za-z0-9-]{1,64})|(alias\/[A-Za-z0-9/_-]{1,250}))$/;

/** Key ids are UUIDs, and `mrk-` with 32 hex digits for multi-Region keys. */
export const keyIdPattern: RegExp = /^(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Alias names as `CreateAlias` takes them. */
export const aliasPattern: RegExp = /^alias\/[A-Za-z0-9/_-]{1,250}$/;

/** The parts of an ARN, or `undefined` when it is none of KMS. */
export function parseKmsArn(arn: string): KmsArn | undefined {
  const [whole, region, account, key, alias] = arnPattern.exec(arn) ?? [];
  if (whole === undefined || region === undefined || account === undefined) return undefined;
  return key === undefined ? { region, account, kind: "alias", name: alias ?? "" } : { region, account, kind: "key", name: key };
}

/** The ARN of a key. */
export function keyArn(region: string, account: string, keyId: string): string {
  return `arn:aws:kms:${region}:${account}:key/${keyId}`;
}

/** The ARN of an alias; `alias` has its `alias/` prefix. */
export function aliasArn(region: string, account: string, alias: string): string {
  return `arn:aws:kms:${region}:${account}:${alias}`;
}

/** A fresh key id. */
export function newKeyId(multiRegion: boolean): string {
  return multiRegion ? `mrk-${randomBytes(16).toString("hex")}` : randomUUID();
}
