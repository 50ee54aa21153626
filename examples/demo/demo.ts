// Encrypts 1,200 customers under four keys, decrypts them in a fresh process, compares; then the customer disables its keys.
// Usage: npm run demo [-- --json]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { awsEmulator } from "@cmkit/emulators";
import type { Cmk } from "@cmkit/core";
import { readCustomers } from "../data/read-customers.ts";
import { customerRow, demoFields, writeEncrypted } from "./customer-files.ts";
import { demoKms, type DemoKeys, type ReadBackJob, type ReadBackResult } from "./keys.ts";
import { oneRecord } from "./one-record.ts";
import { revoke, type Revocation } from "./revocation.ts";

interface KeyResult {
  readonly provider: string;
  readonly kind: string;
  readonly records: number;
  readonly fields: number;
  readonly kmsCalls: number;
  readonly verified: boolean;
}

const revocationTtlMs = 1000;
const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const say = (line: string): void => void (options.json || process.stdout.write(`${line}\n`));

say("Starting an AWS KMS emulator with an RSA-2048, an RSA-4096 and a symmetric key…");
await using emulator = await awsEmulator();
const keys: DemoKeys = {
  aws: { endpoint: emulator.url, credentials: emulator.credentials },
  localKey: randomBytes(32).toString("base64url"),
  recordKey: randomBytes(32).toString("base64url"),
};
const arn = (alias: string): Cmk => ({ provider: "aws", resource: emulator.keyArn(`alias/cmkit-${alias}`) });
const cmks: readonly { readonly kind: string; readonly cmk: Cmk }[] = [
  { kind: "RSA-2048", cmk: arn("rsa-2048") },
  { kind: "RSA-4096", cmk: arn("rsa-4096") },
  { kind: "symmetric", cmk: arn("symmetric") },
  { kind: "AES-256", cmk: { provider: "local", resource: "local:demo" } },
];
const customers = readCustomers();
const fieldsEach = Object.keys(customers[0] ?? {}).length - 2;
say(
  `Encrypting ${fieldsEach} fields of ${customers.length} customers under each key, decrypting them in a fresh process, comparing.\n`,
);

const table = new Table({ head: ["key", "records", "fields", "KMS calls", "ms", "verified"], style: { head: [], border: [] } });
const results: KeyResult[] = [];
let lost = 0;
for (const { kind, cmk } of cmks) {
  const started = performance.now();
  const back = await writeAndReadBack(kind, cmk);
  const verified = back.lost === 0 && back.records === customers.length;
  lost += back.lost;
  results.push({ provider: cmk.provider, kind, records: back.records, fields: back.fields, kmsCalls: back.kmsCalls, verified });
  const ms = Math.round(performance.now() - started);
  table.push([`${cmk.provider} ${kind}`, back.records, back.fields, back.kmsCalls, ms, verified ? "yes" : "NO"]);
}
say(table.toString());

say("\nOne record:\n");
say(await showOne());

say(`\nThe customer disables its keys while a service reads and writes (data keys are cached for ${revocationTtlMs} ms)…`);
const revocation = await disableAll();
say(
  `reading stopped ${revocation.lastReadMs} ms after it, writing ${revocation.lastWriteMs} ms: both say ${revocation.refusals.join(", ")}`,
);
say(`\n${lost} lost`);
if (options.json) {
  const { lastReadMs, lastWriteMs } = revocation;
  process.stdout.write(
    `${JSON.stringify({ keys: results, lost, revocation: { ttlMs: revocationTtlMs, lastReadMs, lastWriteMs } })}\n`,
  );
}
if (lost > 0 || !results.every(({ verified }) => verified)) process.exitCode = 1;

async function writeAndReadBack(kind: string, cmk: Cmk): Promise<ReadBackResult> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  const { kms, requests } = demoKms(keys);
  try {
    await writeEncrypted(demoFields(kms, cmk, directory, keys.recordKey), customers.map(customerRow), directory);
    const back = await inFreshProcess({ keys, cmk, directory });
    return { ...back, kmsCalls: back.kmsCalls + requests() };
  } catch (error) {
    throw new Error(`the demo failed under the ${kind} key`, { cause: error });
  } finally {
    await kms.close();
    await rm(directory, { recursive: true });
  }
}

async function showOne(): Promise<string> {
  const { kms } = demoKms(keys);
  const [customer] = customers;
  try {
    return customer === undefined ? "" : await oneRecord(kms, arn("symmetric"), customer);
  } finally {
    await kms.close();
  }
}

async function inFreshProcess(job: ReadBackJob): Promise<ReadBackResult> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL("read-back.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout)) as ReadBackResult;
}

async function disableAll(): Promise<Revocation> {
  const { kms } = demoKms(keys);
  const recordKey = Buffer.from(keys.recordKey, "base64url");
  const disable = (cmk: Cmk) => (): void => emulator.disableKey(cmk.resource);
  const shown = cmks.filter(({ cmk }) => cmk.provider === "aws");
  const all = await Promise.all(shown.map(async ({ cmk }) => revoke(kms, cmk, recordKey, revocationTtlMs, disable(cmk))));
  await kms.close();
  return {
    lastReadMs: Math.max(...all.map(({ lastReadMs }) => lastReadMs)),
    lastWriteMs: Math.max(...all.map(({ lastWriteMs }) => lastWriteMs)),
    refusals: [...new Set(all.flatMap(({ refusals }) => refusals))],
  };
}
