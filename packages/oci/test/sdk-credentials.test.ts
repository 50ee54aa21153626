import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { multiCloudKms, type KeyDescription } from "@cmkit/core";
import {
  ConfigFileAuthenticationDetailsProvider,
  InstancePrincipalsAuthenticationDetailsProviderBuilder,
  ResourcePrincipalAuthenticationDetailsProvider,
  SessionAuthDetailProvider,
} from "oci-common";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { oci, type OciOptions } from "../src/index.ts";
import { cmk, credentials, key, keyOcid, privateKey, tenancy } from "./samples.ts";
import { answer, scriptedServer, serviceError, type Received, type ScriptedServer } from "./scripted-server.ts";
import { sshpk } from "./sshpk.ts";

const signedBy = ({ headers }: Received): string => /keyId="([^"]+)"/.exec(headers.authorization ?? "")?.[1] ?? "";
const own = `${tenancy}/${credentials.user}/${credentials.fingerprint}`;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const startedAt = Math.round(Date.now() / 1000);
/** A token like OCI's: the SDK reads when it expires and verifies nothing. */
const token = (id: string, secondsLeft = 3600): string =>
  `${part({ alg: "RS256" })}.${part({ sub: id, exp: startedAt + secondsLeft })}.${part({ id })}`;

let home = "";
let vault: ScriptedServer;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "cmkit-oci-"));
  vi.stubEnv("HOME", home);
  for (const name of ["OCI_CONFIG_FILE", "OCI_REGION"]) vi.stubEnv(name, undefined);
  await writeFile(join(home, "key.pem"), privateKey);
  vault = await scriptedServer(answer(200, key));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(home, { recursive: true, force: true });
});

const describeWith = async (given: OciOptions["credentials"]): Promise<KeyDescription> =>
  multiCloudKms({ adapters: [oci({ endpoint: vault.url, ...(given === undefined ? {} : { credentials: given }) })] })
    .open(cmk)
    .describe();

const faultOf = async (given: OciOptions["credentials"]): Promise<unknown> =>
  describeWith(given).catch((error: unknown) => error);

const profileLines = (changes: Readonly<Record<string, string | undefined>> = {}): string =>
  Object.entries({
    user: credentials.user,
    fingerprint: credentials.fingerprint,
    tenancy,
    region: "us-ashburn-1",
    key_file: join(home, "key.pem"),
    ...changes,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");

async function writeConfig(text: string): Promise<string> {
  await mkdir(join(home, ".oci"), { recursive: true });
  const path = join(home, ".oci", "config");
  await writeFile(path, text);
  return path;
}

describe("the config file", () => {
  it("is read when no credentials are given: the profile DEFAULT of ~/.oci/config", async () => {
    await writeConfig(`[DEFAULT]\n${profileLines()}\n`);
    expect(await describeWith(undefined)).toMatchObject({ state: "enabled" });
    expect(vault.requests.map(signedBy)).toEqual([own]);
  });

  it("may have another profile and place, and says nothing of where the key is", async () => {
    const user = credentials.user.replaceAll("u", "v");
    const path = await writeConfig(`[DEFAULT]\n${profileLines()}\n[OTHER]\nuser=${user}\nregion=eu-madrid-2`);
    await describeWith(() => new ConfigFileAuthenticationDetailsProvider(path, "OTHER"));
    expect(vault.requests.map(signedBy)).toEqual([`${tenancy}/${user}/${credentials.fingerprint}`]);
  });

  it("is read again when OCI refuses what it said", async () => {
    await writeConfig(`[DEFAULT]\n${profileLines()}`);
    const open = multiCloudKms({ adapters: [oci({ endpoint: vault.url })] }).open(cmk);
    await open.describe();
    const fingerprint = credentials.fingerprint.replaceAll("3", "4");
    await writeConfig(`[DEFAULT]\n${profileLines({ fingerprint })}`);
    vault.play((received, response) => {
      const good = signedBy(received).endsWith(fingerprint);
      (good ? answer(200, key) : serviceError(401, "NotAuthenticated"))(received, response);
    });
    expect(await open.describe()).toMatchObject({ state: "enabled" });
    expect(vault.requests).toHaveLength(3);
  });

  it.each(["tenancy", "user", "fingerprint", "key_file", "region"])("is a credentials error without %s", async (field) => {
    await writeConfig(`[DEFAULT]\n${profileLines({ [field]: undefined })}`);
    expect(await faultOf(undefined)).toMatchObject({
      code: "credentials",
      message: expect.stringContaining(`the profile in the config file has no ${field}`) as string,
    });
  });

  it.each([
    ["a key file that is not there", { key_file: "/SECRET/nowhere.pem" }, "cannot be read"],
    ["a passphrase that is wrong", { pass_phrase: "SECRET" }, "the passphrase does not open"],
  ])("is a credentials error with %s", async (_what, changes, detail) => {
    const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await writeFile(
      join(home, "key.pem"),
      rsa.export({ type: "pkcs1", format: "pem", cipher: "aes-128-cbc", passphrase: "right" }),
    );
    await writeConfig(`[DEFAULT]\n${profileLines(changes)}`);
    const error = await faultOf(undefined);
    expect(error).toMatchObject({ code: "credentials", message: expect.stringContaining(detail) as string });
    expect(String(error)).not.toContain("SECRET");
  });

  it("is a credentials error that is not there, has no such profile, or is malformed", async () => {
    const said = vi.spyOn(console, "info").mockReturnValue();
    expect(await faultOf(undefined)).toMatchObject({ message: expect.stringContaining("there is no config file") as string });
    const nowhere = (): ConfigFileAuthenticationDetailsProvider => new ConfigFileAuthenticationDetailsProvider("/SECRET/config");
    expect(await faultOf(nowhere)).toMatchObject({ message: expect.stringContaining("there is no config file") as string });
    expect(said).not.toHaveBeenCalled();
    const path = await writeConfig(`[OTHER]\n${profileLines()}`);
    expect(await faultOf(undefined)).toMatchObject({ message: expect.stringContaining("no profile of that name") as string });
    expect(await faultOf(() => new ConfigFileAuthenticationDetailsProvider(path, "SECRET"))).toMatchObject({
      code: "credentials",
    });
    await writeConfig("[DEFAULT]\nSECRET words");
    expect(await faultOf(undefined)).toMatchObject({ message: expect.stringContaining("malformed") as string });
    await writeConfig(`[DEFAULT]\n${profileLines()}`);
    expect(await describeWith(undefined)).toMatchObject({ state: "enabled" });
  });
});

describe("a session token", () => {
  it("signs, and is read again when it has expired and `oci session refresh` wrote another", async () => {
    const tokenFile = join(home, "token");
    await writeFile(tokenFile, token("first"));
    const path = await writeConfig(`[SESSION]\n${profileLines({ user: undefined, security_token_file: tokenFile })}\n[DEFAULT]`);
    const session = (): SessionAuthDetailProvider => new SessionAuthDetailProvider(path, "SESSION");
    const open = multiCloudKms({ adapters: [oci({ endpoint: vault.url, credentials: session })] }).open(cmk);
    await open.describe();
    expect(vault.requests.map(signedBy)).toEqual([`ST$${token("first")}`]);
    await writeFile(tokenFile, token("second"));
    vault.play((received, response) => {
      const good = signedBy(received) === `ST$${token("second")}`;
      (good ? answer(200, key) : serviceError(401, "NotAuthenticated"))(received, response);
    });
    expect(await open.describe()).toMatchObject({ state: "enabled" });
    expect(vault.requests).toHaveLength(3);
  });

  it("is a credentials error that is not there", async () => {
    const path = await writeConfig(`[DEFAULT]\n${profileLines({ user: undefined, security_token_file: "/SECRET/token" })}`);
    const error = await faultOf(() => new SessionAuthDetailProvider(path, "DEFAULT"));
    expect(error).toMatchObject({ code: "credentials", message: expect.stringContaining("security_token_file") as string });
    expect(String(error)).not.toContain("SECRET");
  });
});

describe("a resource principal", () => {
  const principal = (): ResourcePrincipalAuthenticationDetailsProvider =>
    ResourcePrincipalAuthenticationDetailsProvider.builder();

  const stub = (rpst: string, pem: string): void => {
    vi.stubEnv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2");
    vi.stubEnv("OCI_RESOURCE_PRINCIPAL_RPST", rpst);
    vi.stubEnv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", pem);
    vi.stubEnv("OCI_RESOURCE_PRINCIPAL_REGION", "us-ashburn-1");
  };

  it("signs with what the variables hold", async () => {
    stub(token("variable"), privateKey);
    expect(await describeWith(principal)).toMatchObject({ state: "enabled" });
    expect(vault.requests.map(signedBy)).toEqual([`ST$${token("variable")}`]);
  });

  it("signs with what the files hold, and reads them again when the token expires", async () => {
    const rpst = join(home, "rpst");
    await writeFile(rpst, token("first", -1));
    stub(rpst, join(home, "key.pem"));
    const open = multiCloudKms({ adapters: [oci({ endpoint: vault.url, credentials: principal() })] }).open(cmk);
    await open.describe();
    await writeFile(rpst, token("second"));
    await open.describe();
    expect(vault.requests.map(signedBy)).toEqual([`ST$${token("first", -1)}`, `ST$${token("second")}`]);
  });

  it.each([
    ["no version", { OCI_RESOURCE_PRINCIPAL_VERSION: undefined }, "OCI_RESOURCE_PRINCIPAL_*"],
    ["another version", { OCI_RESOURCE_PRINCIPAL_VERSION: "9" }, "OCI_RESOURCE_PRINCIPAL_*"],
    ["no token", { OCI_RESOURCE_PRINCIPAL_RPST: undefined }, "OCI_RESOURCE_PRINCIPAL_*"],
    ["no private key", { OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: undefined }, "OCI_RESOURCE_PRINCIPAL_*"],
    ["a private key that is none", { OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: "SECRET" }, "private key"],
    ["files that are not there", { OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: "/SECRET/key" }, "private key"],
  ])("is a credentials error with %s", async (_what, changes, detail) => {
    stub(token("any"), privateKey);
    for (const [name, value] of Object.entries(changes)) vi.stubEnv(name, value);
    const error = await faultOf(principal);
    expect(error).toMatchObject({ code: "credentials", message: expect.stringContaining(detail) as string });
    expect(String(error)).not.toContain("SECRET");
  });
});

describe("an instance principal", () => {
  const { privateKey: leaf } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const leafPem = leaf.export({ type: "pkcs1", format: "pem" });
  const certificate = sshpk
    .createSelfSignedCertificate(
      sshpk.identityFromDN(`CN=ocid1.instance.oc1.iad.${"i".repeat(60)}, OU=opc-tenant:${tenancy}`),
      sshpk.parsePrivateKey(leafPem, "pem"),
    )
    .toString("pem");

  /** The metadata service and the federation service in one. */
  const instance = async (tokens: readonly string[]): Promise<ScriptedServer> => {
    const server = await scriptedServer();
    let given = 0;
    const files: Readonly<Record<string, string>> = {
      "/opc/v2/identity/cert.pem": certificate,
      "/opc/v2/identity/key.pem": leafPem,
      "/opc/v2/identity/intermediate.pem": certificate,
    };
    server.play((received, response) => {
      if (received.url !== "/v1/x509") return answer(200, files[received.url] ?? "")(received, response);
      given += 1;
      return answer(200, { token: tokens[Math.min(given, tokens.length) - 1] })(received, response);
    });
    return server;
  };

  const principalOf = (server: ScriptedServer) => async () => {
    const builder = new InstancePrincipalsAuthenticationDetailsProviderBuilder();
    builder.metadataBaseUrl = `${server.url}/opc/v2/`;
    builder.federationEndpoint = server.url;
    return builder.build();
  };

  it("signs with the token that the federation service gives for the instance's certificate", async () => {
    const server = await instance([token("first")]);
    expect(await describeWith(principalOf(server))).toMatchObject({ state: "enabled" });
    expect(vault.requests.map(signedBy)).toEqual([`ST$${token("first")}`]);
    const federation = server.requests.find(({ url }) => url === "/v1/x509");
    expect(federation === undefined ? "" : signedBy(federation)).toContain(`${tenancy}/fed-x509/`);
  });

  it("gets a new token when the old one is refused", async () => {
    const server = await instance([token("first"), token("second")]);
    const open = multiCloudKms({ adapters: [oci({ endpoint: vault.url, credentials: await principalOf(server)() })] }).open(cmk);
    await open.describe();
    vault.play((received, response) => {
      const good = signedBy(received) === `ST$${token("second")}`;
      (good ? answer(200, key) : serviceError(401, "NotAuthenticated"))(received, response);
    });
    expect(await open.describe()).toMatchObject({ state: "enabled" });
  });

  it("fetches one token for all who find none, however many they are", async () => {
    const server = await instance([token("first")]);
    const open = multiCloudKms({ adapters: [oci({ endpoint: vault.url, credentials: principalOf(server) })] }).open(cmk);
    await Promise.all(Array.from({ length: 20 }, async () => open.describe()));
    expect(server.requests.filter(({ url }) => url === "/v1/x509")).toHaveLength(1);
    expect(vault.requests).toHaveLength(20);
  });

  it("fetches one token for all keys that share it", async () => {
    const server = await instance([token("first")]);
    const shared = await principalOf(server)();
    const kms = multiCloudKms({ adapters: [oci({ endpoint: vault.url, credentials: () => shared })] });
    const resources = Array.from("abcdefgh", (letter) => keyOcid.replace(/k{60}$/, letter.repeat(60)));
    vault.play((received, response) => answer(200, { ...key, id: received.url.split("/").at(-1) })(received, response));
    await Promise.all(resources.map(async (resource) => kms.open({ provider: "oci", resource }).describe()));
    expect(server.requests.filter(({ url }) => url === "/v1/x509")).toHaveLength(1);
    expect(vault.requests).toHaveLength(8);
  });

  it("is unavailable when the metadata service fails once it is in use", async () => {
    const server = await instance([token("first")]);
    const shared = await principalOf(server)();
    server.play(answer(503, "busy"));
    expect(await faultOf(shared)).toMatchObject({ code: "unavailable" });
  });

  it("is a credentials error away from an instance, and when OCI gives no token", async () => {
    vi.spyOn(console, "log").mockReturnValue(); // the SDK writes here, and cannot be told not to
    const nothing = await scriptedServer(answer(404, "not found"));
    expect(await faultOf(principalOf(nothing))).toMatchObject({
      code: "credentials",
      message: expect.stringContaining("instances of OCI Compute") as string,
    });
    const server = await instance([]);
    const provider = await principalOf(server)();
    server.play((received, response) => {
      const refused = received.url === "/v1/x509" ? serviceError(401, "NotAuthenticated") : answer(200, certificate);
      (received.url.endsWith("key.pem") ? answer(200, leafPem) : refused)(received, response);
    });
    expect(await faultOf(provider)).toMatchObject({
      code: "credentials",
      message: expect.stringContaining("OCI gave us no token") as string,
    });
  });
});
