import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { writeDevFile } from "../src/dev-file.ts";
import { refuseSecondStart } from "../src/dev-running.ts";
import { scratch } from "./scratch.ts";

const arn = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";
const controlToken = "the-token-of-the-file";

/** A file that was left behind, and what answers at its endpoint now. */
async function leftBehind(pid: number, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const file = join(scratch(), "cmkit.dev.json");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "secret" };
  const keys = { rsa2048: arn, rsa4096: arn, symmetric: arn };
  const aws = { endpoint, controlToken, region: "us-east-1", credentials, keys };
  await writeDevFile(file, { cmkitDev: 1, pid, recordKey: new Uint8Array(32), aws });
  return file;
}

describe("a second start", () => {
  it("is refused while the emulator of the file answers, whatever its process id says", async () => {
    const file = await leftBehind(process.pid, (request, response) => {
      response.writeHead(request.headers["x-cmkit-control-token"] === controlToken ? 200 : 401).end("[]");
    });
    await expect(refuseSecondStart(file)).rejects.toThrow(/^`cmkit dev` already runs here: process \d+, http:/);
  });

  it("is let through where another program has the port, and the process id, of one that was killed", async () => {
    const file = await leftBehind(process.ppid, (_request, response) => void response.writeHead(404).end());
    await expect(refuseSecondStart(file)).resolves.toBeUndefined();
  });

  it("is refused where a process that is alive does not answer, and says what to do", async () => {
    const file = await leftBehind(process.ppid, () => {});
    await expect(refuseSecondStart(file, 50)).rejects.toThrow(
      /does not answer\.\nEnd that process first\. If it is another program, remove /,
    );
  });

  it("is let through where the process of a silent endpoint is gone, or is this one", async () => {
    const own = await leftBehind(process.pid, () => {});
    await expect(refuseSecondStart(own, 50)).resolves.toBeUndefined();
    const gone = await leftBehind(2 ** 31 - 1, () => {});
    await expect(refuseSecondStart(gone, 50)).resolves.toBeUndefined();
  });
});
