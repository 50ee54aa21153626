import { getRequestListener } from "@hono/node-server";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { multiCloudKms } from "@cmkit/core";
import { aws } from "@cmkit/aws";
import { apiTokens, cmkRegistry, type RegistryStore } from "@cmkit/registry";
import { registryApp } from "@cmkit/registry/http";

import type { Soak } from "./soak.ts";

/** Serves a store that `cmkit serve` has no option for. @returns Where. */
export async function serveInProcess(soak: Soak, store: RegistryStore, recordKey: Uint8Array): Promise<string> {
  const kms = multiCloudKms({ adapters: [aws()] });
  const registry = cmkRegistry({ kms, store, recordKey });
  const app = registryApp(registry, { tokens: apiTokens({ store, recordKey }) });
  const listener = getRequestListener(async (request, env) => app.fetch(request, env), { overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(0, "127.0.0.1");
  await once(server, "listening");
  soak.atEnd(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
    await registry.close();
    await kms.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
