// Encrypts 1,200 customers under thirteen keys, decrypts them in a fresh process, compares; then the customer disables its keys.
// Usage: npm run demo [-- --json]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import Table from "cli-table3";
import type { Cmk } from "@cmkit/core";
import { readCustomers } from "../data/read-customers.ts";
import { demoClouds } from "./clouds.ts";
import { customerRow, demoFields, demoRegistry, writeEncrypted } from "./customer-files.ts";
import { moveCloud } from "./move-cloud.ts";
import { demoKms, type DemoKeys, type ReadBackJob, type ReadBackResult } from "./keys.ts";
import { oneRecord } from "./one-record.ts";
import { revocable, type Revocation } from "./revocation.ts";

interface KeyResult {
  readonly provider: string;
  readonly kind: string;
  readonly records: number;
  readonly fields: number;
  readonly kmsCalls: number;
  readonly verified: boolean;
}

const revocationTtlMs = 2000;
const atOnce = 2;
const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false } } });
// With --json the report for people goes to stderr.
const say = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);

say("Starting emulators of AWS KMS, Google Cloud KMS, Azure Key Vault and OCI Vault, and making their keys…");
await using clouds = await demoClouds();
const keys: DemoKeys = {
  devFile: clouds.file,
  localKey: randomBytes(32).toString("base64url"),
  recordKey: randomBytes(32).toString("base64url"),
};
const cmks: readonly { readonly kind: string; readonly cmk: Cmk }[] = [
  ...clouds.keys,
  { kind: "AES-256", cmk: { provider: "local", resource: "local:demo" } },
];
const [{ cmk: drilled }] = clouds.keys as [(typeof clouds.keys)[number]];
const customers = readCustomers();
const tenants = new Set(customers.map(({ tenant }) => tenant));
const fieldsEach = Object.keys(customers[0] ?? {}).length - 2;
say(
  `Encrypting ${fieldsEach} fields of ${customers.length} customers under each key, decrypting them in a fresh process, comparing.\n`,
);

const table = new Table({ head: ["key", "records", "fields", "KMS calls", "verified"], style: { head: [], border: [] } });
const results: KeyResult[] = [];
let lost = 0;
const progress = new SingleBar({ format: "{bar} {value} of {total} keys", clearOnComplete: true });
if (process.stderr.isTTY) progress.start(cmks.length, 0);
const byProvider = [...Map.groupBy(cmks, ({ cmk }) => cmk.provider).values()];
for (let next = 0; next < byProvider.length; next += atOnce) {
  const backs = await Promise.all(byProvider.slice(next, next + atOnce).map(writeAndReadBack));
  for (const { provider, kind, records, fields, kmsCalls, ...back } of backs.flat()) {
    const verified = back.lost === 0 && records === customers.length;
    lost += back.lost;
    results.push({ provider, kind, records, fields, kmsCalls, verified });
    table.push([`${provider} ${kind}`, records, fields, kmsCalls, verified ? "yes" : "NO"]);
    progress.increment();
  }
}
progress.stop();
say(table.toString());

say("\nOne record:\n");
say(await showOne());

say("\nThe customers move from AWS to Azure: their data keys are wrapped anew, and the AWS key is disabled…");
const rewrap = await moveCloud(keys, clouds, customers, async (directory) => {
  const [back] = await inFreshProcess({ keys, written: [{ directory }] });
  return back === undefined ? 0 : back.records - back.lost;
});
lost += customers.length - rewrap.opened;
say(
  `${rewrap.rewrapped} of ${rewrap.dataKeys} data keys rewrapped, ${rewrap.failed} failed; ${rewrap.opened} customers opened in a fresh process`,
);

say("\nA drill in four processes on the registry of `cmkit dev`:\n");
const drill = await clouds.drill(drilled, revocationTtlMs);
say(drill.report);

say(`\nThe customer disables its keys while a service reads and writes (data keys are cached for ${revocationTtlMs} ms)…`);
const revocation = await disableAll();
say(
  `reading stopped ${revocation.lastReadMs} ms after it, writing ${revocation.lastWriteMs} ms: both say ${revocation.refusals.join(", ")}`,
);
say(`\n${lost} lost`);
if (options.json) {
  const { lastReadMs, lastWriteMs } = revocation;
  process.stdout.write(
    `${JSON.stringify({ keys: results, lost, rewrap, revocation: { ttlMs: revocationTtlMs, lastReadMs, lastWriteMs } })}\n`,
  );
}
if (lost > 0 || !drill.passed || !results.every(({ verified }) => verified)) process.exitCode = 1;

/** Encrypts everybody under each of one provider's keys, and has one fresh process read it all. */
async function writeAndReadBack(of: typeof cmks): Promise<(ReadBackResult & { provider: string; kind: string })[]> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  try {
    const written: { cmk: Cmk; directory: string; kind: string; kmsCalls: number }[] = [];
    for (const { kind, cmk } of of) {
      const under = `${directory}/${kind}`;
      await mkdir(under);
      const { kms, requests } = await demoKms(keys);
      const registry = demoRegistry(kms, under, keys.recordKey);
      await kms.open(cmk).describe({ timeoutMs: 60_000 }); // a cloud's SDK is loaded at its first call: the machine may be busy
      for (const tenant of tenants) await registry.register(tenant, { ...cmk, defaultCmk: true });
      await writeEncrypted(demoFields(registry), customers.map(customerRow), under);
      await registry.close();
      await kms.close();
      written.push({ cmk, directory: under, kind, kmsCalls: requests() });
    }
    const backs = await inFreshProcess({ keys, written });
    return written.map(({ cmk, kind, kmsCalls }, index) => {
      const back = backs[index] ?? { records: 0, fields: 0, lost: customers.length, kmsCalls: 0 };
      return { ...back, kmsCalls: kmsCalls + back.kmsCalls, provider: cmk.provider, kind };
    });
  } catch (error) {
    throw new Error(`the demo failed under the keys of ${of[0]?.cmk.provider}`, { cause: error });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function showOne(): Promise<string> {
  const { kms } = await demoKms(keys);
  const [customer] = customers;
  const shownCmk = clouds.keys.find(({ kind }) => kind === "symmetric")?.cmk ?? { provider: "local", resource: "local:demo" };
  try {
    return customer === undefined ? "" : await oneRecord(kms, shownCmk, customer);
  } finally {
    await kms.close();
  }
}

async function inFreshProcess(job: ReadBackJob): Promise<ReadBackResult[]> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL("read-back.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(job));
  return JSON.parse(await text(child.stdout)) as ReadBackResult[];
}

async function disableAll(): Promise<Revocation> {
  const { kms } = await demoKms(keys);
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  const registry = demoRegistry(kms, directory, keys.recordKey);
  const box = registry.envelope({ service: "demo", cache: { ttlMs: revocationTtlMs } });
  const revocations: (() => Promise<Revocation>)[] = [];
  for (const [index, { cmk }] of clouds.keys.entries()) {
    const tenant = `tenant-${index}`;
    await registry.register(tenant, { ...cmk, defaultCmk: true });
    const revoke = await revocable(box, tenant, revocationTtlMs);
    revocations.push(async () => revoke(() => clouds.disable(cmk)));
  }
  const all = await Promise.all(revocations.map(async (revoke) => revoke()));
  await registry.close();
  await kms.close();
  await rm(directory, { recursive: true });
  return {
    lastReadMs: Math.max(...all.map(({ lastReadMs }) => lastReadMs)),
    lastWriteMs: Math.max(...all.map(({ lastWriteMs }) => lastWriteMs)),
    refusals: [...new Set(all.flatMap(({ refusals }) => refusals))],
  };
}
