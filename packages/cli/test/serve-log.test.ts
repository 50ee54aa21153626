import { chmodSync } from "node:fs";
import { fakeClock } from "@cmkit/core/testing";
import { RegistryError } from "@cmkit/registry";
import { describe, expect, it } from "vitest";

import { logLines } from "../src/log-lines.ts";
import { auditHeads } from "../src/server-audit-heads.ts";
import { raw } from "./raw-http.ts";
import { registryHome } from "./registry-home.ts";
import { served } from "./served.ts";

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly route?: string;
  readonly status?: number;
  readonly project?: string;
  readonly actor?: string;
  readonly requestId?: string;
  readonly head?: string | null;
}

function parsed(log: string): Line[] {
  return log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

describe("the log of cmkit serve", () => {
  it("has a line of JSON for each request, by route, with who and whose, and none for probes that are well", async () => {
    const home = await registryHome();
    const { id, token } = await home.token("acme");
    const server = await served(home);
    const headers = { authorization: `aivenv1 ${token}`, "x-request-id": "of-the-client" };
    await fetch(`${server.url}/v1/project/acme/secrets/cmks?limit=999`, { headers });
    await fetch(`${server.url}/readyz`);
    await server.end();
    const lines = parsed(server.log());
    expect(lines.filter(({ msg }) => msg === "request")).toEqual([
      expect.objectContaining({
        level: "info",
        method: "GET",
        route: "/v1/project/{project}/secrets/cmks",
        status: 200,
        project: "acme",
        actor: `token:${id}`,
        requestId: "of-the-client",
      }),
    ]);
    expect(lines.map(({ msg }) => msg)).toEqual(["listening", "audit head", "request", "ending", "audit head", "ended"]);
  });

  it("warns of files that others can read", async () => {
    const home = await registryHome();
    chmodSync(home.path("record.key"), 0o640);
    const server = await served(home);
    await server.end();
    const warnings = parsed(server.log()).filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([{ file: home.path("record.key"), msg: "others can read this file: chmod 600 it" }]);
  });

  it("has no token, wherever a client puts one, and nothing else that it sends", async () => {
    const home = await registryHome();
    const { token } = await home.token();
    const server = await served(home);
    const json = { "content-type": "application/json" };
    const authorization = `Bearer ${token}`;
    const path = `${server.url}/v1/project`;
    const basic = `Basic ${Buffer.from(`${token}:PRIVATE`).toString("base64")}`;
    const everywhere: readonly [string, RequestInit][] = [
      [`${path}/${token}/secrets/cmks`, { headers: { authorization } }],
      [`${path}/acme/secrets/cmks/${token}`, { headers: { authorization } }],
      [`${path}/acme/secrets/cmks?token=${token}&limit=PRIVATE`, { headers: { authorization } }],
      [`${server.url}/${token}`, {}],
      [`${path}/acme/secrets/cmks`, { headers: { authorization: token } }],
      [`${path}/acme/secrets/cmks`, { headers: { authorization: `Bearer ${token}PRIVATE` } }],
      [`${path}/acme/secrets/cmks`, { headers: { authorization: basic } }],
      [`${path}/acme/secrets/cmks`, { headers: { authorization, "x-request-id": token, cookie: token, "user-agent": token } }],
      [`${path}/acme/secrets/cmks`, { method: "POST", headers: { authorization, ...json }, body: `{"provider":"${token}"}` }],
      [
        `${path}/acme/secrets/cmks`,
        { method: "POST", headers: { authorization, ...json }, body: JSON.stringify({ provider: "aws", resource: token }) },
      ],
      [`${path}/acme/secrets/cmks`, { method: "POST", headers: { authorization, ...json }, body: `PRIVATE ${token}` }],
    ];
    for (const [url, init] of everywhere) await (await fetch(url, init)).text();
    await raw(server.url, `GET /${token} HTTP/1.1\r\nHost: ${token}\r\nConnection: close\r\n\r\n`);
    await raw(server.url, `${token} PRIVATE\r\n\r\n`);
    await raw(server.url, `GET http://${token}@x/PRIVATE HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
    await server.end();
    const secret = token.slice(22);
    expect(parsed(server.log()).filter(({ msg }) => msg === "request").length).toBeGreaterThanOrEqual(everywhere.length);
    for (const text of [server.log(), metrics, (await home.cmkit(["audit", "export"])).stdout]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(token.slice(22, 40));
      expect(text).not.toContain(Buffer.from(token).toString("base64").slice(4, 40));
      expect(text).not.toContain("PRIVATE");
    }
  });

  it("blots out what is named like a secret or looks like a token, if a caller hands it over all the same", () => {
    let written = "";
    const log = logLines((line) => {
      written += line;
    });
    const token = `cmkit_${"ab".repeat(8)}PRIVATE-PRIVATE_PRIVATE`;
    log.info(
      { authorization: "Bearer PRIVATE", request: { headers: "PRIVATE", url: "PRIVATE", body: "PRIVATE" }, project: token },
      token,
    );
    expect(written).not.toContain("PRIVATE");
    expect(parsed(written)).toMatchObject([{ level: "info", project: "cmkit_[redacted]", msg: "cmkit_[redacted]" }]);
  });

  it("keeps a line one line, whatever is in it", () => {
    let written = "";
    logLines((line) => {
      written += line;
    }).info({ project: 'a\nb\r\u2028"}' }, "x");
    expect(written.match(/\n/g)).toHaveLength(1);
    expect(parsed(written)).toMatchObject([{ project: 'a\nb\r\u2028"}' }]);
  });
});

describe("the head of the audit log", () => {
  it("is in the server's log at the start, each minute and at the end, as `cmkit audit verify --head` takes it", async () => {
    const clock = fakeClock();
    let written = "";
    let seq = 0;
    const head = async () => ({ seq: (seq += 1), tag: new Uint8Array(32).fill(seq) });
    const heads = auditHeads(
      { head },
      clock,
      logLines((line) => void (written += line)),
    );
    for (let minute = 1; minute <= 3; minute += 1) await clock.advance(60_000);
    await heads.end();
    await clock.advance(600_000);
    const expected = [1, 2, 3, 4, 5].map((n) => `${n}:${Buffer.alloc(32, n).toString("base64url")}`);
    expect(parsed(written).map(({ head: shown }) => shown)).toEqual(expected);
  });

  it("that cannot be read is told by its code, and tried again", async () => {
    const clock = fakeClock();
    let written = "";
    let left = 1;
    const head = async () => {
      left -= 1;
      if (left >= 0) throw new RegistryError("store-unavailable", "PRIVATE");
      return undefined;
    };
    const heads = auditHeads(
      { head },
      clock,
      logLines((line) => void (written += line)),
    );
    await clock.advance(60_000);
    await heads.end();
    expect(parsed(written)).toMatchObject([
      { level: "warn", errorCode: "store-unavailable" },
      { level: "info", head: null },
      { level: "info", head: null },
    ]);
    expect(written).not.toContain("PRIVATE");
  });
});
