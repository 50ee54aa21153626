import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { writeDevFile } from "../src/dev-file.ts";
import { refuseSecondStart } from "../src/dev-running.ts";
import { devSample } from "./dev-sample.ts";
import { scratch } from "./scratch.ts";

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
  const sample = devSample({ pid });
  await writeDevFile(file, { ...sample, aws: { ...sample.aws, endpoint, controlToken } });
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
