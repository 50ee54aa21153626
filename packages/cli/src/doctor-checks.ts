import type { Check } from "./check.ts";
import type { FindPackage } from "./installed-package.ts";
import type { OwnPackage } from "./own-package.ts";
import { inRange } from "./version-range.ts";

/** Whether this Node is new enough. */
export function nodeCheck(version: string, range: string): Check {
  const ok = inRange(version, range) !== false;
  return {
    name: "Node.js",
    state: ok ? "ok" : "wrong",
    found: `${version}, expected ${range}`,
    todo: ok ? null : "install a newer one",
    needed: true,
  };
}

/** Whether certificates are checked. */
export function tlsCheck(env: Readonly<Record<string, string | undefined>>): Check {
  const off = env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0";
  return {
    name: "certificates",
    state: off ? "wrong" : "ok",
    found: off ? "NODE_TLS_REJECT_UNAUTHORIZED=0 turns their checking off, and cmkit does not start so" : "checked",
    todo: off ? "unset it" : null,
    needed: true,
  };
}

/** Whether an adapter and its vendor's SDK are installed where cmkit would import them, and fit. */
export async function packageChecks(provider: string, sdk: string, own: OwnPackage, find: FindPackage): Promise<Check[]> {
  const name = `@cmkit/${provider}`;
  const install = `run "npm install ${name} ${sdk}"`;
  const adapter = await find(name);
  const sdkName = `${provider} SDK`;
  if (adapter === undefined) return [absent(`${provider} adapter`, name, install), absent(sdkName, sdk, install)];
  const expected = own.peerDependencies[name] ?? "*";
  const client = await find(sdk, adapter.url);
  return [
    versionCheck(`${provider} adapter`, name, adapter.version, expected),
    client === undefined
      ? absent(sdkName, sdk, `run "npm install ${sdk}"`)
      : versionCheck(sdkName, sdk, client.version, adapter.peers[sdk] ?? "*"),
  ];
}

function absent(name: string, packageName: string, todo: string): Check {
  return { name, state: "missing", found: `${packageName} is not installed`, todo, needed: true };
}

function versionCheck(name: string, packageName: string, version: string, range: string): Check {
  const fits = inRange(version, range);
  const expected = fits === undefined ? "" : `, expected ${range}`;
  const state = fits === false ? "wrong" : "ok";
  const todo = fits === false ? `run "npm install ${packageName}@${range}"` : null;
  return { name, state, found: `${packageName} ${version}${expected}`, todo, needed: true };
}
