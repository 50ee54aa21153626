// Rotation in the cloud: a new version of the same key, and every data key moved to it. Usage: node examples/rotate.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { emulatorControl } from "@cmkit/emulators";
import { cmkRegistry } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const dev = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const directory = await mkdtemp(`${tmpdir()}/cmkit-example-`);
const store = sqliteStore(`${directory}/cmkit.db`);
const registry = cmkRegistry({ kms, store, recordKey: dev.recordKey });

const resource = dev.aws.keys.symmetric;
const { id } = await registry.register("acme", { provider: "aws", resource, defaultCmk: true });
const box = registry.envelope({ service: "crm" });
const sealed = await box.seal(Buffer.from("ada@example.com"), { tenant: "acme" });

// The customer rotates the key. What was wrapped before still opens: the cloud keeps the old version.
const customer = emulatorControl({ url: dev.aws.endpoint, controlToken: dev.aws.controlToken });
await customer.rotate(resource);
const plan = await registry.rewrap("acme", { from: id, dryRun: true });
console.log(`under older versions: ${plan.remaining} data key`);

// Without `to`, data keys move to the key's current version; the CMK stays current.
const { state, dataKeys, remaining } = await registry.rewrap("acme", { from: id });
console.log(`${state}: ${dataKeys - remaining} of ${dataKeys} moved`);
console.log(`under older versions: ${(await registry.rewrap("acme", { from: id, dryRun: true })).remaining}`);
console.log(`opens: ${Buffer.from(await box.open(sealed, { tenant: "acme" })).toString()}`);
await registry.close();
await kms.close();
