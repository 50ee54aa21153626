import { DefaultRequestSigner, SimpleAuthenticationDetailsProvider } from "oci-common";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type OciEmulator, ociEmulator } from "../../src/index.ts";
import {
  clientsOf,
  compartment,
  expectRefusal,
  operator,
  principalOf,
  providerOf,
  seedOf,
  startForTest,
  strangerTenancy,
  vaultId,
} from "./emulated-vault.ts";
import { send, signedRequest, type Signing, type WireAnswer, type WireRequest } from "./signed-request.ts";

const nowMs = Date.parse("2026-03-11T16:39:04.000Z");
const incomplete = "The required information to complete authentication was not provided or was incorrect.";
const unverified = "Failed to verify the HTTP(S) Signature";
const getVault = `/20180608/vaults/${vaultId}`;
const createKey = {
  method: "POST",
  path: "/20180608/keys",
  body: JSON.stringify({ compartmentId: compartment, displayName: "made", keyShape: { algorithm: "AES", length: 32 } }),
};
let emulator: OciEmulator;

beforeAll(async () => {
  emulator = await ociEmulator({ seed: seedOf([]), clock: () => nowMs });
});
afterAll(() => emulator.close());

function sign(signing: Partial<Signing> = {}, principal = operator): WireRequest {
  const date = new Date(nowMs).toUTCString();
  return signedRequest(principal, { host: `127.0.0.1:${emulator.port}`, date, path: getVault, ...signing });
}

function exchange(request: WireRequest): Promise<WireAnswer> {
  return send(emulator.port, request);
}

async function expectAccepted(request: WireRequest): Promise<void> {
  const { status, body } = await exchange(request);
  expect(`${status} ${body}`).toMatch(/^200 /);
}

async function expectUnauthenticated(request: WireRequest, message: string): Promise<void> {
  const { status, body } = await exchange(request);
  expect({ status, body: JSON.parse(body) as unknown }).toEqual({ status: 401, body: { code: "NotAuthenticated", message } });
}

describe("a signature", () => {
  test("is taken with its headers in any order and either kind of date", async () => {
    await expectAccepted(sign());
    await expectAccepted(sign({ dateHeader: "x-date" }));
    await expectAccepted(sign({ signed: ["host", "date", "(request-target)"] }));
    await expectAccepted(sign({ signed: ["(Request-Target)", "HOST", "Date"] }));
    await expectAccepted(
      sign({ signed: ["host", "date", "(request-target)", "opc-request-id"], more: { "opc-request-id": "mine" } }),
    );
    await expectAccepted(sign(createKey));
    await expectAccepted(sign({ path: `/20180608/vaults?compartmentId=${compartment}&limit=1` }));
  });

  test("may leave the version out, and have its parameters in any order", async () => {
    await expectAccepted(sign({ parameters: `algorithm="rsa-sha256"` }));
    await expectAccepted(sign({ parameters: `version="1", algorithm="rsa-sha256"` }));
  });

  test.each([
    ["no version 2", `algorithm="rsa-sha256",version="2"`],
    ["no other algorithm", `algorithm="rsa-sha1",version="1"`],
    ["no algorithm left out", `version="1"`],
    ["no parameter twice", `algorithm="rsa-sha256",algorithm="rsa-sha256"`],
    ["no header twice", `algorithm="rsa-sha256",headers="date"`],
  ])("has %s", async (_what, parameters) => {
    await expectUnauthenticated(sign({ parameters }), incomplete);
  });

  test.each([["Basic x"], ["Signature"], [""], [`Signature keyId="x"`]])("is not %j", async (authorization) => {
    const request = sign();
    await expectUnauthenticated({ ...request, headers: { ...request.headers, authorization } }, incomplete);
  });

  test("must cover the target, the host and a date", async () => {
    for (const signed of [["date", "host"], ["date", "(request-target)"], ["host", "(request-target)"], [""]]) {
      await expectUnauthenticated(sign({ signed }), incomplete);
    }
  });

  test.each(["content-length", "content-type", "x-content-sha256"])("must cover the %s of a body", async (name) => {
    const all = ["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"];
    await expectUnauthenticated(sign({ ...createKey, signed: all.filter((other) => other !== name) }), incomplete);
  });

  test("covers no header that is not there", async () => {
    const request = sign({ signed: ["date", "(request-target)", "host", "x-other"], more: { "x-other": "value" } });
    const { "x-other": _gone, ...headers } = request.headers;
    await expectUnauthenticated({ ...request, headers }, incomplete);
  });

  test("fits one method, path, query, host, date and body", async () => {
    const request = sign({ ...createKey, path: "/20180608/keys?limit=1" });
    const changed = (name: string, value: string): WireRequest => ({
      ...request,
      headers: { ...request.headers, [name]: value },
    });
    await expectAccepted(request);
    await expectUnauthenticated({ ...request, method: "PUT" }, unverified);
    await expectUnauthenticated({ ...request, path: "/20180608/keys?limit=2" }, unverified);
    await expectUnauthenticated({ ...request, path: "/20180608/keys" }, unverified);
    await expectUnauthenticated({ ...request, path: "/20180608/vaults?limit=1" }, unverified);
    await expectUnauthenticated({ ...request, body: request.body.replace("made", "fade") }, unverified);
    await expectUnauthenticated(changed("host", `localhost:${emulator.port}`), unverified);
    await expectUnauthenticated(changed("date", new Date(nowMs + 1000).toUTCString()), unverified);
    await expectUnauthenticated(changed("content-type", "text/plain"), unverified);
    await expectUnauthenticated(changed("x-content-sha256", Buffer.alloc(32).toString("base64")), unverified);
  });

  test("must have a digest that is the body's, even if another one was signed", async () => {
    const signed = sign({ ...createKey, more: { "x-content-sha256": Buffer.alloc(32).toString("base64") } });
    await expectUnauthenticated(signed, unverified);
  });

  test("is of a key that is known, and of no other", async () => {
    const other = principalOf("other");
    await expectUnauthenticated(sign({}, other), incomplete);
    await expectUnauthenticated(
      sign({ keyId: `${operator.tenancy}/${operator.user}/${operator.fingerprint}` }, other),
      unverified,
    );
    for (const keyId of [
      `${operator.tenancy}/${operator.user}/${other.fingerprint}`,
      `${strangerTenancy}/${operator.user}/${operator.fingerprint}`,
      "ST$unknown",
      "",
    ]) {
      await expectUnauthenticated(sign({ keyId }), incomplete);
    }
  });

  test("is at most five minutes old or early, and says what would be in time", async () => {
    const at = (ms: number): string => new Date(nowMs + ms).toUTCString();
    await expectAccepted(sign({ date: at(-300_000) }));
    await expectAccepted(sign({ date: at(300_000), dateHeader: "x-date" }));
    const range = "valid datetime range: ['Wed, 11 Mar 2026 16:34:04 UTC', 'Wed, 11 Mar 2026 16:44:04 UTC']";
    const current = "is not within allowed clock skew. Current 'Wed, 11 Mar 2026 16:39:04 UTC'";
    const late = `Date 'Wed, 11 Mar 2026 16:34:03 UTC' ${current}, ${range}`;
    await expectUnauthenticated(sign({ date: at(-301_000) }), late);
    await expectUnauthenticated(sign({ date: at(-301_000), dateHeader: "x-date" }), late);
    await expectUnauthenticated(sign({ date: at(301_000) }), `Date 'Wed, 11 Mar 2026 16:44:05 UTC' ${current}, ${range}`);
    await expectUnauthenticated(sign({ date: "yesterday" }), incomplete);
  });

  test("is judged by the date that it covers", async () => {
    const old = new Date(nowMs - 3_600_000).toUTCString();
    await expectAccepted(sign({ dateHeader: "x-date", more: { date: old } }));
    await expectAccepted(sign({ dateHeader: "date", more: { "x-date": old } }));
    const both = ["date", "x-date", "host", "(request-target)"];
    await expectUnauthenticated(sign({ signed: both, more: { "x-date": old } }), expect.stringContaining("clock skew") as never);
  });
});

describe("the official SDK", () => {
  test("signs what is taken, and nothing can be changed on the way", async () => {
    const now = await startForTest({ seed: seedOf([]) });
    const uri = `${now.url}${createKey.path}`;
    const headers = new Headers({ "content-type": "application/json" });
    await new DefaultRequestSigner(providerOf(operator)).signHttpRequest({ method: "POST", uri, headers, body: createKey.body });
    const request = { ...createKey, headers: Object.fromEntries(headers) };
    expect((await send(now.port, request)).status).toBe(200);
    const changed = { ...request, body: createKey.body.replace("made", "fade") };
    expect((await send(now.port, changed)).status).toBe(401);
  });

  test("is refused under a key that is not the user's", async () => {
    const now = await startForTest({ seed: seedOf([]) });
    const { privateKey } = principalOf("other");
    const { vaults } = clientsOf(now, providerOf({ ...operator, privateKey }));
    await expectRefusal(vaults.getVault({ vaultId }), 401, "NotAuthenticated", unverified);
    const unknown = clientsOf(now, providerOf(principalOf("other")));
    await expectRefusal(unknown.vaults.getVault({ vaultId }), 401, "NotAuthenticated", incomplete);
    expect(now.calls()).toMatchObject([{ operation: "GetVault", status: 401, errorName: "NotAuthenticated" }, { status: 401 }]);
  });

  test("may sign with a session token instead of the user's name", async () => {
    const session = { ...principalOf("operator"), user: operator.user, sessionToken: "header.claims.signature" };
    const seed = seedOf([]);
    const now = await startForTest({ seed: { ...seed, principals: [session] } });
    class SessionProvider extends SimpleAuthenticationDetailsProvider {
      override getKeyId(): Promise<string> {
        return Promise.resolve(`ST$${session.sessionToken}`);
      }
    }
    const { tenancy, user, fingerprint, privateKey } = session;
    const { vaults } = clientsOf(now, new SessionProvider(tenancy, user, fingerprint, privateKey, null));
    expect((await vaults.getVault({ vaultId })).vault.id).toBe(vaultId);
    expect(now.credentials.sessionToken).toBe(session.sessionToken);
    const nameless = clientsOf(now, providerOf(session));
    await expectRefusal(nameless.vaults.getVault({ vaultId }), 401, "NotAuthenticated", incomplete);
  });
});

describe("the request id", () => {
  test("begins with the caller's own, or is made", async () => {
    const idOf = async (more: Record<string, string>): Promise<unknown> =>
      (await exchange(sign({ more }))).headers["opc-request-id"];
    expect(await idOf({ "opc-request-id": "mine" })).toMatch(/^mine\/[0-9A-F]{32}\/[0-9A-F]{32}$/);
    expect(await idOf({})).toMatch(/^[0-9A-F]{32}(?:\/[0-9A-F]{32}){2}$/);
    expect(await idOf({ "opc-request-id": "<b>" })).toMatch(/^[0-9A-F]{32}\//);
  });
});
