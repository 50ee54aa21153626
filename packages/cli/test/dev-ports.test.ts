import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";

import { type DevPorts, devPorts, refuseUsedPorts } from "../src/dev-ports.ts";

async function usedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("the ports of cmkit dev", () => {
  it("follow the one that is given, and are any free ones for 0", () => {
    expect(devPorts(4599)).toEqual({ aws: 4599, gcp: 4600, azure: 4601, oci: 4602, gcpGrpc: 4603, registry: 4604 });
    expect(new Set(Object.values(devPorts(0)))).toEqual(new Set([0]));
  });

  it.each([
    ["aws", "AWS"],
    ["gcp", "Google Cloud"],
    ["azure", "Azure"],
    ["oci", "OCI"],
    ["gcpGrpc", "gRPC of Google Cloud"],
    ["registry", "registry"],
  ] as const)("are refused when one is in use, with the number and what it is for: %s", async (name, what) => {
    const port = await usedPort();
    const ports: DevPorts = { ...devPorts(0), [name]: port };
    await expect(refuseUsedPorts(ports)).rejects.toThrow(`Port ${port} (${what}) is in use.\nGive another with --port`);
  });
});
