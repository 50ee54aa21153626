// The registry's HTTP API inside an application that you have already. Usage: node examples/mount-in-express.ts [cmkit.dev.json]
import { devAdapters, readDevFile } from "@cmkit/cli";
import { multiCloudKms } from "@cmkit/core";
import { apiTokens, cmkRegistry } from "@cmkit/registry";
import { registryApp } from "@cmkit/registry/http";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";

const file = process.argv[2] ?? "cmkit.dev.json";
const { recordKey, aws } = await readDevFile(file);
const kms = multiCloudKms({ adapters: await devAdapters(file) });
const store = sqliteStore(`${await mkdtemp(`${tmpdir()}/cmkit-example-`)}/cmkit.db`);
const tokens = apiTokens({ store, recordKey });
const registry = cmkRegistry({ kms, store, recordKey, accessors: { aws: { principal: "arn:aws:iam::111122223333:role/crm" } } });

const app = express();
app.get("/", (_request, response) => void response.send("the rest of your application"));
app.use(getRequestListener(registryApp(registry, { tokens }).fetch)); // last: it answers 404 to what it does not know
const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

// What a customer's administrator, or avn, Terraform and curl, would do with a token for their project.
const { secret } = await tokens.create("acme", "operator");
const cmks = `${url}/v1/project/acme/secrets/cmks`;
const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
const body = JSON.stringify({ provider: "aws", resource: aws.keys.rsa2048, default_cmk: true });
const created = await fetch(cmks, { method: "POST", headers, body });
const { cmk } = (await created.json()) as { cmk: { id: string; status: string } };
console.log(`created: ${created.status}, ${cmk.status}`);
const checked = await fetch(`${cmks}/${cmk.id}/access_check`, { method: "POST", headers });
console.log(`access check: ${checked.status}, passed: ${(await checked.text()).includes('"code":"ok"')}`);
const foreign = await fetch(`${url}/v1/project/globex/secrets/cmks`, { headers });
console.log(`another customer's keys: ${foreign.status}`);
const anonymous = await fetch(cmks);
console.log(`without a token: ${anonymous.status}`);
console.log(`the application's own page: ${await (await fetch(url)).text()}`);

server.close();
await registry.close();
await kms.close();
