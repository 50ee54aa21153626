import { multiCloudKms } from "@cmkit/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { oci, type OciOptions } from "../src/index.ts";
import { cmk, credentials, fakeClient, key, keyOcid, vault } from "./samples.ts";
import { answer, scriptedServer, serviceError } from "./scripted-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const good = [
  "https://kms.internal.example",
  "https://kms.internal.example:8443/kms",
  "http://127.0.0.1:4566",
  "http://[::1]:4566",
  "http://localhost:4566/",
];

const bad = [
  "http://kms.internal.example",
  "http://10.0.0.1:4566",
  "http://169.254.169.254",
  "http://localhost.example:4566",
  "http://127.0.0.1.nip.io",
  "https://user:secret@kms.internal.example",
  "https://@kms.internal.example",
  "https://kms.internal.example/?x=1",
  "https://kms.internal.example/#x",
  "https://kms.internal.example\\evil",
  " https://kms.internal.example",
  "https://kms.internal.example\n",
  "ftp://127.0.0.1",
  "HTTPS://kms.internal.example",
  "https://",
  "127.0.0.1:4566",
  "",
];

describe("the endpoint", () => {
  it.each(good)("may be %s", (endpoint) => {
    expect(() => oci({ endpoint })).not.toThrow();
    expect(() => oci({ endpoint: { crypto: endpoint, management: endpoint } })).not.toThrow();
    expect(() => oci({ endpoint: () => endpoint }).open(keyOcid)).not.toThrow();
  });

  it.each(bad)("may not be %j", (endpoint) => {
    const other = "https://kms.internal.example";
    expect(() => oci({ endpoint })).toThrow(TypeError);
    expect(() => oci({ endpoint: { crypto: endpoint, management: other } })).toThrow(TypeError);
    expect(() => oci({ endpoint: { crypto: other, management: endpoint } })).toThrow(TypeError);
    expect(() => oci({ endpoint: () => endpoint }).open(keyOcid)).toThrow(TypeError);
  });

  it("is the vault's own two hosts without the option, whatever the environment says", async () => {
    const hosts: string[] = [];
    vi.stubEnv("OCI_REGION", "us-phoenix-1");
    vi.stubEnv("OCI_DEFAULT_REALM", "evil.example");
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      hosts.push(new URL(input as string).href);
      throw new Error("nothing leaves this process");
    });
    const driver = oci({ credentials }).open(keyOcid);
    const call = { signal: new AbortController().signal, remainingMs: 1000 };
    const bound = { entries: { tenant: "acme" }, canonical: new Uint8Array(), hash: new Uint8Array(), key: "" };
    await expect(driver.describe(null, call)).rejects.toThrow("nothing leaves");
    await expect(driver.wrap({ plaintext: new Uint8Array(32), context: bound, keyVersion: null }, call)).rejects.toThrow(
      "nothing leaves",
    );
    expect(hosts).toEqual([
      `https://${vault}-management.kms.us-ashburn-1.oraclecloud.com/20180608/keys/${keyOcid}`,
      `https://${vault}-crypto.kms.us-ashburn-1.oraclecloud.com/20180608/encrypt`,
    ]);
  });

  it("may be two, with paths, and one for each vault", async () => {
    const crypto = await scriptedServer(serviceError(404, "NotAuthorizedOrNotFound"));
    const management = await scriptedServer(answer(200, key));
    const asked: unknown[] = [];
    const kms = multiCloudKms({
      adapters: [
        oci({
          credentials,
          endpoint: (place) => {
            asked.push(place);
            return { crypto: `${crypto.url}/c/`, management: `${management.url}/m` };
          },
        }),
      ],
    });
    const opened = kms.open(cmk);
    expect(await opened.describe()).toMatchObject({ emulated: true });
    await expect(opened.generateDataKey({ tenant: "acme" })).rejects.toMatchObject({ code: "access-denied" });
    expect(asked[0]).toEqual({ realm: "oc1", region: "us-ashburn-1", vault });
    expect(management.requests[0]?.url).toBe(`/m/20180608/keys/${keyOcid}`);
    expect(crypto.requests.map(({ url }) => url)).toEqual(["/c/20180608/encrypt"]);
    await kms.close();
  });

  const own = `https://${vault}-crypto.kms.us-ashburn-1.oraclecloud.com`;
  it.each([
    [undefined, false],
    [own, false],
    ["https://private.kms.us-ashburn-1.oraclecloud.com", false],
    ["https://eviloraclecloud.com", true],
    ["https://kms.us-ashburn-1.oraclecloud.com.evil.example", true],
    ["https://kms.us-gov-ashburn-1.oraclegovcloud.com", true],
    [{ crypto: own, management: "http://127.0.0.1:4566" }, true],
    [{ crypto: "http://127.0.0.1:4566", management: own }, true],
    [() => undefined, false],
  ] satisfies [OciOptions["endpoint"], boolean][])("%j is called emulated: %s", async (endpoint, emulated) => {
    const client = fakeClient({ getKey: { key } });
    const kms = multiCloudKms({ adapters: [oci({ client, ...(endpoint === undefined ? {} : { endpoint }) })] });
    expect(await kms.open(cmk).describe()).toMatchObject({ emulated });
  });
});
