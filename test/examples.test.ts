import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDev, type DevServer } from "./dev-server.ts";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../examples/", import.meta.url));

const eachKind = ["rsa 2048 (", "rsa 4096 (", "symmetric 256 (", ": opens again: true"];

// What each must print, so that an example that does nothing fails.
const expected: Readonly<Record<string, readonly string[]>> = {
  "wrap-unwrap": ["rsa 2048, enabled", "unwrapped, and the same: true", "for another tenant: decrypt-failed (HTTP 422)"],
  "four-clouds": ["aws", "gcp", "azure", "oci"].map(
    (cloud) => `${cloud}: opened ada@example.com, for another tenant: unknown-data-key`,
  ),
  ...Object.fromEntries(["aws", "gcp", "azure", "oci"].map((cloud) => [cloud, eachKind])),
  "data-key": ["wrapped under version", "opened: the quarterly figures"],
  "seal-open": ["stored: cmk1.", "opened: ada@example.com", "sealed 3 more without a call"],
  fields: [
    "null stays null: true",
    'opened: ada@example.com, born in 1815, 12 St James\'s Square, ["early","vip"]',
    "only the e-mail: id, plan, email, address\n",
    "another row's e-mail: decrypt-failed (field email)",
  ],
  search: ["has 22 characters", "found: 1 Ada@Example.com, 3 ada@example.com\n", "another tenant has another index: true"],
  mask: ["1 | a•••@example.com | •••23 | •••5432 | 1815 | •••\n", "2 | •••@example.com | - | - | - | -\n"],
  csv: [
    "sealed: Świętosława Śliwoń, cmk1.",
    "opened from a program: Świętosława Śliwoń, swietoslawa",
    "the same as before: true",
  ],
  "portable-message": ["portable, ", "for symmetric and rsa", 'opened: {"invoice":17}'],
  "own-client": ["GenerateDataKeyCommand", "DecryptCommand", "round trip of 32 bytes through your own client"],
  revoke: [
    "key-disabled, within the TTL: true",
    "writing: key-disabled",
    "opens again: ada@example.com",
    "purged: key-disabled at once",
  ],
  registry: [
    "aws: works: ",
    "opened: ada@example.com, grace@example.com",
    "aws: old, 1 data key\ngcp: current, the default, 1 data key\n",
    "deleting: in-use: ",
    "audit: cmk.create, cmk.check, cmk.create, cmk.update, cmk.check; verified: true",
  ],
  rotate: ["under older versions: 1 data key\n", "done: 1 of 1 moved", "under older versions: 0\n", "opens: ada@example.com"],
  "move-cloud": [
    "done: 20 of 20 data keys moved",
    "retire: 0 data keys left under it\nsafe to destroy: true",
    "with the old key disabled: 200 of 200 rows open",
    "retiring the new one: in-use",
  ],
  "mount-in-express": [
    "created: 201, current",
    "access check: 200, passed: true",
    "another customer's keys: 404",
    "without a token: 401",
    "the application's own page: the rest of your application",
  ],
  "onboard-a-customer": [
    "aws-key-policy: ",
    "before: unwrap: access-denied, missing kms:Decrypt\nafter: passed",
    "sealed and opened: ada@example.com",
  ],
  "custom-adapter": ["round trip through an adapter of 40 lines: true"],
  opentelemetry: ["spans: kms describe, kms wrap, kms unwrap", "metrics: cmkit.kms.duration, cmkit.cache"],
};

describe("the examples", () => {
  let dev: DevServer;
  beforeAll(async () => {
    dev = await startDev();
  }, 60_000);
  afterAll(async () => {
    await dev[Symbol.asyncDispose]();
  });

  it("are all listed here", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    expect(files.map((name) => name.slice(0, -3)).toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  it.for(Object.entries(expected))("%s runs and does what it says", async ([name, lines]) => {
    const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", `${folder}${name}.ts`, dev.file]);
    for (const line of lines) expect(stdout).toContain(line);
  });

  it.for(Object.keys(expected))("%s has fewer than 60 lines", (name) => {
    expect(readFileSync(`${folder}${name}.ts`, "utf8").split("\n").length - 1).toBeLessThan(60);
  });
});
