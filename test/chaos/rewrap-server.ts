// A server of the registry's HTTP API over the chaos cloud, which `cmkit serve` does not have. Says its URL and a token.
import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { apiTokens } from "@cmkit/registry";
import { registryApp } from "@cmkit/registry/http";

import { seededRandom } from "../soak/seeded-random.ts";
import { faultyCloud, type FaultCounts } from "./faulty-cloud.ts";
import { openChaos, type ChaosSetUp } from "./open-chaos.ts";
import { toldWeather } from "./weather.ts";

/** What the process is started with. */
export interface ServerSettings {
  readonly setUp: ChaosSetUp;
  readonly seed: number;
}

/** What it says. */
export type ServerLine = { readonly kind: "ready" } | { readonly kind: "listening"; readonly url: string };

const { setUp, seed } = JSON.parse(process.argv[2] ?? "") as ServerSettings;
const forecast = await toldWeather();
const counts: FaultCounts = new Map();
const random = seededRandom(seed);
const cloud: Parameters<typeof openChaos>[1] = { forecast, cloud: (given) => faultyCloud(given, forecast, random, counts) };
const { registry, store, recordKey } = await openChaos(setUp, cloud);
const app = registryApp(registry, { tokens: apiTokens({ store, recordKey }) });
const listener = getRequestListener(async (request, env) => app.fetch(request, env), { overrideGlobalObjects: false });
const server = createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(0, "127.0.0.1");
await once(server, "listening");
process.stdout.write(
  `${JSON.stringify({ kind: "listening", url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`,
);
