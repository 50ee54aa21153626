import { generateKeyPairSync } from "node:crypto";
import { multiCloudKms, type Cmk, type KeyDescription } from "@cmkit/core";
import "oci-common"; // here, so that no deadline below pays for it
import type { ConfigFileAuthenticationDetailsProvider } from "oci-common";
import { describe, expect, it, vi } from "vitest";
import { oci, type OciAuthenticationProvider, type OciCredentials, type OciOptions } from "../src/index.ts";
import { cmk, credentials, key, otherOcid, privateKey, tenancy } from "./samples.ts";
import { answer, scriptedServer, serviceError, type Received, type Script } from "./scripted-server.ts";

// The SDK's providers fit the type.
export const fits = (provider: ConfigFileAuthenticationDetailsProvider): OciAuthenticationProvider => provider;

const described = answer(200, key);
const signedBy = ({ headers }: Received): string => /keyId="([^"]+)"/.exec(headers.authorization ?? "")?.[1] ?? "";

const describeWith = async (given: OciOptions["credentials"], url = "http://127.0.0.1:9"): Promise<KeyDescription> =>
  multiCloudKms({ adapters: [oci({ endpoint: url, ...(given === undefined ? {} : { credentials: given }) })] })
    .open(cmk)
    .describe();

const faultOf = async (given: OciOptions["credentials"]): Promise<unknown> =>
  describeWith(given).catch((error: unknown) => error);

const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const passphrase = "correct horse";
const encrypted = (type: "pkcs1" | "pkcs8"): string => rsa.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase });
const provider = (pem: string, pass: string | null): OciAuthenticationProvider => ({
  getKeyId: async () => "ocid/of/key",
  getPrivateKey: () => pem,
  getPassphrase: () => pass,
});

describe("an API key", () => {
  it.each([
    ["PKCS#8", { ...credentials }],
    ["PKCS#1", { ...credentials, privateKey: rsa.export({ type: "pkcs1", format: "pem" }) }],
    ["PKCS#8 under a passphrase", { ...credentials, privateKey: encrypted("pkcs8"), passphrase }],
    ["PKCS#1 under a passphrase", { ...credentials, privateKey: encrypted("pkcs1"), passphrase }],
  ])("signs with a private key in %s", async (_what, given) => {
    const server = await scriptedServer(described);
    expect(await describeWith(given, server.url)).toMatchObject({ state: "enabled" });
    expect(server.requests.map(signedBy)).toEqual([`${tenancy}/${credentials.user}/${credentials.fingerprint}`]);
  });

  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  it.each([
    ["no PEM", { privateKey: "SECRETKEY" }, "not PEM"],
    ["a path", { privateKey: "/home/SECRETKEY/key.pem" }, "not PEM"],
    ["broken PEM", { privateKey: "-----BEGIN PRIVATE KEY-----\nSECRETKEY\n-----END PRIVATE KEY-----" }, "not PEM"],
    ["no passphrase", { privateKey: encrypted("pkcs8") }, "give its passphrase"],
    ["an empty passphrase", { privateKey: encrypted("pkcs8"), passphrase: "" }, "passphrase"],
    ["a wrong passphrase", { privateKey: encrypted("pkcs8"), passphrase: "SECRETKEY" }, "passphrase does not open"],
    // The SDK's parser ends the process here.
    ["a wrong passphrase for PKCS#1", { privateKey: encrypted("pkcs1"), passphrase: "SECRETKEY" }, "passphrase does not open"],
    ["a key of another algorithm", { privateKey: ec }, "RSA"],
  ])("is a credentials error with %s, and shows nothing of it", async (_what, changes, detail) => {
    const error = await faultOf({ ...credentials, ...changes });
    expect(error).toMatchObject({ code: "credentials", message: expect.stringContaining(detail) as string });
    expect(JSON.stringify(error) + String(error)).not.toContain("SECRETKEY");
  });

  it.each([
    {},
    { ...credentials, tenancy: "" },
    { ...credentials, privateKey: undefined },
    { ...credentials, passphrase: 7 },
    { getKeyId: () => "" },
    null,
    "DEFAULT",
  ])("cannot be %j", (given) => {
    expect(() => oci({ credentials: given as unknown as OciCredentials })).toThrow(TypeError);
  });
});

describe("a provider", () => {
  it("signs, and its passphrase is tried before the SDK sees it", async () => {
    const server = await scriptedServer(described);
    await describeWith(provider(encrypted("pkcs1"), passphrase), server.url);
    await describeWith(provider(privateKey, null), server.url);
    expect(server.requests.map(signedBy)).toEqual(["ocid/of/key", "ocid/of/key"]);
    expect(await faultOf(provider(encrypted("pkcs1"), "wrong"))).toMatchObject({ code: "credentials" });
    expect(await faultOf(provider("junk", null))).toMatchObject({ code: "credentials" });
  });

  it("whose private key changes to one that its passphrase does not open is asked for it again, and ends no process", async () => {
    const server = await scriptedServer(described);
    let pem = encrypted("pkcs1");
    const key = multiCloudKms({
      adapters: [oci({ endpoint: server.url, credentials: { ...provider("", passphrase), getPrivateKey: () => pem } })],
    }).open(cmk);
    await key.describe();
    pem = rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-256-cbc", passphrase: "another" });
    expect(await key.describe()).toMatchObject({ state: "enabled" });
    server.play(serviceError(401, "NotAuthenticated"));
    await expect(key.describe()).rejects.toMatchObject({ code: "credentials" });
    expect(server.requests).toHaveLength(3);
  });

  it("that fails is our fault, not the key's", async () => {
    const refuses = { ...provider(privateKey, null), getKeyId: async () => Promise.reject(new Error("NotAuthorizedOrNotFound")) };
    expect(await faultOf(refuses)).toMatchObject({ code: "credentials" });
  });

  it("is asked for its key id by one caller at a time, for all of them", async () => {
    const server = await scriptedServer(described);
    let asked = 0;
    const slow = Promise.withResolvers<string>();
    const given = {
      ...provider(privateKey, null),
      getKeyId: async () => {
        asked += 1;
        return asked === 1 ? slow.promise : "ST$fresh";
      },
    };
    const key = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] }).open(cmk);
    const calls = Array.from({ length: 20 }, async () => key.describe());
    await vi.waitFor(() => expect(asked).toBe(1));
    slow.resolve("ST$fresh");
    await Promise.all(calls);
    // Once for all, and then once by the SDK's signer for each request.
    expect(asked).toBe(21);
    expect(server.requests).toHaveLength(20);
  });

  it("that hangs holds up nobody for longer than their own deadline", async () => {
    const server = await scriptedServer(described);
    let hangs = true;
    const given = { ...provider(privateKey, null), getKeyId: async () => (hangs ? new Promise<string>(() => {}) : "ST$fresh") };
    const key = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] }).open(cmk);
    await expect(key.describe({ timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
    hangs = false;
    expect(await key.describe()).toMatchObject({ state: "enabled" });
  });
});

describe("a credentials function", () => {
  it("is asked with the CMK, once for each, and may give a provider or an API key", async () => {
    const server = await scriptedServer(described);
    const asked: Cmk[] = [];
    const kms = multiCloudKms({
      adapters: [
        oci({
          endpoint: server.url,
          credentials: async (wanted) => {
            asked.push(wanted);
            return asked.length === 1 ? provider(privateKey, null) : credentials;
          },
        }),
      ],
    });
    const other = { provider: "oci", resource: otherOcid } as const;
    await Promise.all([kms.open(cmk).describe(), kms.open(cmk).describe()]);
    await kms.open(cmk).describe();
    await expect(kms.open(other).describe()).rejects.toMatchObject({ code: "bad-answer" });
    expect(asked).toEqual([cmk, other]);
    expect(server.requests.map(signedBy)).toEqual([
      ...Array.from({ length: 3 }, () => "ocid/of/key"),
      `${tenancy}/${credentials.user}/${credentials.fingerprint}`,
    ]);
    await kms.close();
  });

  it.each([
    ["throws", () => Promise.reject(new Error("SECRET words")), "credentials", "the credentials function failed"],
    ["throws a text", () => Promise.reject("SECRET words"), "credentials", "the credentials function failed"],
    ["throws what AWS would", () => Promise.reject(Object.assign(new Error("x"), { statusCode: 404 })), "credentials", "failed"],
    ["throws nothing", () => Promise.reject(undefined), "credentials", "the credentials function failed"],
    ["gives nothing", () => undefined, "credentials", "gave none"],
    ["gives half an API key", () => ({ tenancy, user: "u" }), "credentials", "gave none"],
    ["gives a key that is none", () => ({ ...credentials, privateKey: "SECRET" }), "credentials", "not PEM"],
    ["cannot reach a network", () => Promise.reject(new TypeError("fetch failed")), "unavailable", "cannot be reached"],
  ])("that %s is %s", async (_what, given, code, detail) => {
    const error = await faultOf(given as unknown as () => OciCredentials);
    expect(error).toMatchObject({ code, message: expect.stringContaining(detail) as string });
    expect(String(error)).not.toContain("SECRET");
  });

  it("that hangs holds up nobody for longer than their own deadline", async () => {
    const server = await scriptedServer(described);
    let hangs = true;
    const given = async (): Promise<OciCredentials> => (hangs ? new Promise(() => {}) : credentials);
    const key = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] }).open(cmk);
    await expect(key.describe({ timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
    hangs = false;
    expect(await key.describe()).toMatchObject({ state: "enabled" });
  });
});

describe("credentials that OCI no longer accepts", () => {
  const refused = serviceError(401, "NotAuthenticated");
  const onlyFor =
    (keyId: string): Script =>
    (received, response) =>
      (signedBy(received) === keyId ? described : refused)(received, response);

  it("are asked for again, and the request is sent again", async () => {
    const server = await scriptedServer(onlyFor("ST$1"));
    let session = 1;
    const given = (): OciAuthenticationProvider => {
      const name = `ST$${session}`;
      return { ...provider(privateKey, null), getKeyId: async () => name };
    };
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] });
    await kms.open(cmk).describe();
    session = 2;
    server.play(onlyFor("ST$2"));
    await Promise.all(Array.from({ length: 5 }, async () => kms.open(cmk).describe()));
    expect(server.requests.map(signedBy).filter((name) => name === "ST$1").length).toBeLessThanOrEqual(6);
    expect(server.requests.map(signedBy).filter((name) => name === "ST$2")).toHaveLength(5);
    await kms.close();
  });

  it("are asked for again for their own key alone", async () => {
    const server = await scriptedServer(described);
    const asked: string[] = [];
    const given = ({ resource }: Cmk): OciAuthenticationProvider => {
      asked.push(resource);
      return { ...provider(privateKey, null), getKeyId: async () => resource };
    };
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] });
    const other = { provider: "oci", resource: otherOcid };
    server.play((received, response) => answer(200, { ...key, id: received.url.split("/").at(-1) })(received, response));
    await Promise.all([kms.open(cmk).describe(), kms.open(other).describe()]);
    server.play(refused);
    await expect(kms.open(other).describe()).rejects.toMatchObject({ code: "credentials" });
    server.play(described);
    await kms.open(cmk).describe();
    expect(asked).toEqual([cmk.resource, otherOcid, otherOcid]);
  });

  it("are a credentials error when they never were accepted, or are not after they were asked for again", async () => {
    const server = await scriptedServer(refused);
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials })] });
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "credentials" });
    expect(server.requests).toHaveLength(1);
    server.play(described);
    await kms.open(cmk).describe();
    server.play(refused);
    await expect(kms.open(cmk).describe()).rejects.toMatchObject({ code: "credentials" });
    expect(server.requests).toHaveLength(4);
  });

  it("are refreshed where the provider can", async () => {
    const server = await scriptedServer(onlyFor("ST$0"));
    let refreshed = 0;
    const given = {
      ...provider(privateKey, null),
      getKeyId: async () => `ST$${refreshed}`,
      refresh: async () => {
        refreshed += 1;
      },
    };
    const kms = multiCloudKms({ adapters: [oci({ endpoint: server.url, credentials: given })] });
    await kms.open(cmk).describe();
    server.play(onlyFor("ST$1"));
    expect(await kms.open(cmk).describe()).toMatchObject({ state: "enabled" });
    expect(refreshed).toBe(1);
  });
});
