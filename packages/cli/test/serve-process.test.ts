import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

import { type RegistryHome, registryHome } from "./registry-home.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const key = "arn:aws:kms:us-east-1:111122223333:key/e705b409-c32e-440a-95f2-7c6fe742c54a";

/** @param logTo Where standard error goes. */
async function start(
  home: RegistryHome,
  logTo: "pipe" | number = "pipe",
): Promise<{ child: ChildProcess; cmks: string; log: () => string }> {
  const argv = ["--conditions=@cmkit/source", main, "serve", "--config", home.config, "--port", "0"];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", logTo] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  if (child.stdout === null) throw new TypeError("expected a pipe");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  expect(line).toMatch(/^cmkit listening on http:\/\/127\.0\.0\.1:\d+$/);
  return { child, cmks: `${line.replace(/^.* on /, "")}/v1/project/acme/secrets/cmks`, log: () => log };
}

it("cmkit serve, killed, has what it acknowledged when it is started again, and ends with 0 for SIGTERM and SIGINT", async () => {
  const home = await registryHome();
  const { token } = await home.token("acme");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const first = await start(home);
  const created = await fetch(first.cmks, { method: "POST", headers, body: JSON.stringify({ provider: "aws", resource: key }) });
  expect(created.status).toBe(201);
  const killed = once(first.child, "close");
  first.child.kill("SIGKILL");
  await killed;
  const second = await start(home);
  expect(await (await fetch(second.cmks, { headers })).json()).toMatchObject({ cmks: [{ resource: key }] });
  const ended = once(second.child, "close");
  // A terminal's Ctrl-C arrives twice through npm.
  for (const signal of ["SIGTERM", "SIGINT"] as const) second.child.kill(signal);
  expect(await ended).toEqual([0, null]);
  for (const line of second.log().trimEnd().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow(Error);
  expect(second.log()).toMatch(/"msg":"ended"\}\n$/);
  expect((await home.cmkit(["audit", "verify"])).exitCode).toBe(0);
}, 120_000);

const full = "/dev/full";
if (!existsSync(full)) console.log(`left out: cmkit serve with a log on a full disk, which ${full} would stand for`);

it.runIf(existsSync(full))(
  "cmkit serve lives on when its log cannot be written",
  async () => {
    const home = await registryHome();
    const { token } = await home.token("acme");
    const log = await open(full, "w");
    onTestFinished(async () => log.close());
    const { child, cmks } = await start(home, log.fd);
    for (let times = 0; times < 3; times += 1) {
      expect((await fetch(cmks, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    }
    const ended = once(child, "close");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  },
  120_000,
);
