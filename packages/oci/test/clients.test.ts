import { multiCloudKms } from "@cmkit/core";
import "oci-common"; // here, so that no deadline below pays for it
import { afterEach, describe, expect, it, vi } from "vitest";
import { oci, type OciClient, type OciVault } from "../src/index.ts";
import { cmk, context, credentials, fakeClient, key, keyOcid, vault, versionOcid } from "./samples.ts";
import { answer, scriptedServer } from "./scripted-server.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("an injected client", () => {
  it("is called, and nothing else is", async () => {
    const client = fakeClient({ getKey: { key, opcRequestId: "abc-123" } });
    const sent = vi.spyOn(globalThis, "fetch");
    const events: (string | undefined)[] = [];
    const kms = multiCloudKms({
      adapters: [oci({ client })],
      onEvent: (event) => events.push("requestId" in event ? event.requestId : undefined),
    });
    expect(await kms.open(cmk).describe()).toMatchObject({ resource: keyOcid, state: "enabled", emulated: false });
    expect(client.calls).toEqual([["getKey", { keyId: keyOcid }]]);
    expect(events).toEqual(["abc-123"]);
    expect(sent).not.toHaveBeenCalled();
    await kms.close();
  });

  it("may be one a vault, which says where the vault is", async () => {
    const asked: OciVault[] = [];
    const client = (place: OciVault): OciClient => {
      asked.push(place);
      return fakeClient({ getKey: { key: { ...key, id: `ocid1.key.oc1.iad.${place.vault}.${"k".repeat(60)}` } } });
    };
    const kms = multiCloudKms({ adapters: [oci({ client })] });
    await kms.open(cmk).describe();
    await kms.open({ ...cmk, resource: keyOcid.replace(vault, "another") }).describe();
    expect(asked.map((place) => place.vault)).toEqual([vault, "another"]);
    expect(asked[0]).toEqual({
      realm: "oc1",
      region: "us-ashburn-1",
      vault,
      endpoints: {
        crypto: `https://${vault}-crypto.kms.us-ashburn-1.oraclecloud.com`,
        management: `https://${vault}-management.kms.us-ashburn-1.oraclecloud.com`,
      },
    });
  });

  it("gets what is left of the time, and the signal, beside the request", async () => {
    const given: unknown[] = [];
    const client = fakeClient({});
    const getKey: OciClient["management"]["getKey"] = async (_request, { signal, remainingMs }) => {
      given.push({ signal, remainingMs });
      return { key };
    };
    const management = { ...client.management, getKey };
    await multiCloudKms({ adapters: [oci({ client: { ...client, management } })] })
      .open(cmk)
      .describe({ timeoutMs: 1234 });
    expect(given).toEqual([{ signal: expect.any(AbortSignal) as AbortSignal, remainingMs: expect.closeTo(1234, -3) as number }]);
  });

  it("cannot be given beside credentials, and must have what is called", () => {
    const client = fakeClient({});
    expect(() => oci({ client, credentials })).toThrow(TypeError);
    for (const wrong of [{}, { crypto: client.crypto }, { management: client.management }, { ...client, crypto: {} }, null]) {
      expect(() => oci({ client: wrong as unknown as OciClient })).toThrow(TypeError);
    }
  });
});

describe("our own requests", () => {
  it("let go of the socket when the caller aborts, and of no other caller's", async () => {
    const server = await scriptedServer();
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    const closed = Promise.withResolvers<undefined>();
    const caller = new AbortController();
    server.play((received, response) => {
      if (server.requests.length > 1) void closed.promise.then(() => answer(200, key)(received, response));
      else received.request.socket.once("close", () => closed.resolve(undefined));
    });
    const impatient = kms.open(cmk).describe({ signal: caller.signal });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), 5000);
    const patient = kms.open(cmk).describe();
    await vi.waitFor(() => expect(server.requests).toHaveLength(2), 5000);
    caller.abort();
    await expect(impatient).rejects.toMatchObject({ code: "aborted" });
    await closed.promise;
    expect(await patient).toMatchObject({ state: "enabled" });
    await kms.close();
  });

  it("let go of the socket at the deadline, also in the middle of an answer", async () => {
    const closed = Promise.withResolvers<undefined>();
    const server = await scriptedServer(({ request }, response) => {
      request.socket.once("close", () => closed.resolve(undefined));
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"id":');
    });
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    await expect(kms.open(cmk).describe({ timeoutMs: 1000 })).rejects.toMatchObject({ code: "timeout" });
    await closed.promise;
  });

  it("cost a patient caller one attempt when an answer is lost", async () => {
    const soon = new AbortController();
    const server = await scriptedServer();
    server.play((received, response) => {
      if (server.requests.length > 1) answer(200, key)(received, response);
      else soon.abort(new DOMException("as AbortSignal.timeout gives", "TimeoutError"));
    });
    const limits: number[] = [];
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      limits.push(ms);
      return limits.length === 1 ? soon.signal : new AbortController().signal;
    });
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    expect(await kms.open(cmk).describe({ timeoutMs: 60_000 })).toMatchObject({ state: "enabled" });
    expect(limits).toEqual([10_000, 10_000]);
    await kms.open(cmk).describe({ timeoutMs: 5000 });
    expect(limits).toHaveLength(2);
  });

  it("are signed by one identity, which close() lets go of", async () => {
    const server = await scriptedServer(answer(200, key));
    const asked: string[] = [];
    const adapter = oci({
      endpoint: server.url,
      credentials: ({ resource }) => {
        asked.push(resource);
        return credentials;
      },
    });
    const kms = multiCloudKms({ adapters: [adapter] });
    await Promise.all(Array.from({ length: 5 }, async () => kms.open(cmk).describe()));
    expect(asked).toEqual([keyOcid]);
    await kms.close();
    await kms.open(cmk).describe();
    expect(asked).toEqual([keyOcid, keyOcid]);
  });

  it("name no key or version but in places that cannot be left", async () => {
    const server = await scriptedServer(answer(200, key));
    const wrapped = { cmk, keyVersion: `${versionOcid}/../..`, bytes: new Uint8Array(256), kind: "rsa" } as const;
    const opened = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] }).open(cmk);
    await expect(opened.unwrapKey(wrapped, context)).rejects.toMatchObject({ code: "malformed" });
    expect(server.requests).toEqual([]);
  });
});
