import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type AzureEmulator, azureEmulator, emulatorControl, type EmulatorControl } from "../../src/index.ts";
import { cryptographyOf, expectRefusal, hsmUrl, keysOf, raw, seedOf, startForTest, vaultUrl } from "./emulated-vault.ts";

const path = "/keys/rsa/?api-version=7.4";
const aes = `${hsmUrl}/keys/aes`;
let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({ seed: seedOf([{ name: "rsa" }, { name: "aes", vault: "hsm-one", kty: "oct-HSM" }]) });
});
afterAll(() => emulator.close());

const statusFor = async (host: string, more: Record<string, string> = {}): Promise<number> =>
  (await raw(emulator, path, { host, ...more })).status;

describe("the server", () => {
  test("answers to its own names and to those of its vaults, with any port", async () => {
    const { port } = emulator;
    const own = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
    const vaults = ["vault-one.vault.azure.net", "VAULT-ONE.vault.azure.net:443", `hsm-one.managedhsm.azure.net:${port}`];
    for (const host of [...own, ...vaults]) expect(await statusFor(host)).toBe(401);
  });

  test.each([
    "example.com",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.example.com",
    "vault-one.vault.azure.net.example.com",
    "vault-two.vault.azure.net",
    "vault-one.managedhsm.azure.net",
    "vault-one.vault.azure.cn",
  ])("answers 421 to the name %s", async (host) => {
    expect(await statusFor(host)).toBe(421);
    const control = await raw(emulator, "/_cmkit/calls", { host, "x-cmkit-control-token": emulator.controlToken });
    expect(control.status).toBe(421);
  });

  test("shows a certificate of its own authority, for every name that a vault can have", async () => {
    const { promise, resolve } = Promise.withResolvers<X509Certificate | undefined>();
    const socket = connect(
      { host: "127.0.0.1", port: emulator.port, ca: emulator.ca, servername: "vault-one.vault.azure.net" },
      () => resolve(socket.getPeerX509Certificate()),
    );
    const certificate = await promise;
    socket.destroy();
    const ca = new X509Certificate(emulator.ca);
    expect([ca.ca, certificate?.ca, certificate?.checkIssued(ca), certificate?.verify(ca.publicKey)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const hosts = [
      "localhost",
      ...["azure.net", "azure.cn", "usgovcloudapi.net", "sovcloud-api.fr", "sovcloud-api.de"].flatMap((domain) => [
        `any.vault.${domain}`,
        `any.managedhsm.${domain}`,
      ]),
    ];
    expect(hosts.filter((host) => certificate?.checkHost(host) === undefined)).toEqual([]);
    for (const address of ["127.0.0.1", "::1"]) expect(certificate?.checkIP(address)).toBeDefined();
    for (const host of ["vault.azure.net", "login.microsoftonline.com", "a.b.vault.azure.net"])
      expect(certificate?.checkHost(host)).toBeUndefined();
  });

  test("is not believed without its authority", async () => {
    const stranger = await startForTest({ seed: seedOf([]) });
    await expect(raw({ port: emulator.port, ca: stranger.ca }, path, { host: "localhost" })).rejects.toThrow("certificate");
  });

  test("is the seed's first vault to clients that connect to its own address, and names keys by their real ids", async () => {
    const options = { tlsOptions: { ca: emulator.ca }, disableChallengeResourceVerification: true };
    const { id = "" } = await new KeyClient(emulator.url, emulator.credential(), options).getKey("rsa");
    expect(id.startsWith(`${vaultUrl}/keys/rsa/`)).toBe(true);
    const local = new CryptographyClient(`${emulator.url}/keys/rsa`, emulator.credential(), options);
    const { result } = await local.wrapKey("RSA-OAEP-256", Buffer.from("secret"));
    expect(Buffer.from((await cryptographyOf(emulator, id).unwrapKey("RSA-OAEP-256", result)).result).toString()).toBe("secret");
  });

  test("links to further pages at the address that the client used", async () => {
    const token = emulator.credentials.accessTokens["https://vault.azure.net"];
    const host = `127.0.0.1:${emulator.port}`;
    await emulator.createKey({ vault: "vault-one", name: "second", kty: "RSA" });
    const { body } = await raw(emulator, "/keys?api-version=7.4&maxresults=1", { host, authorization: `Bearer ${token}` });
    const { nextLink } = JSON.parse(body) as { nextLink: string };
    expect(nextLink.startsWith(`https://${host}/keys?`)).toBe(true);
    const names: string[] = [];
    for await (const page of keysOf(emulator).listPropertiesOfKeys().byPage({ maxPageSize: 1 }))
      names.push(...page.map(({ name }) => name));
    expect(names).toEqual(["rsa", "second"]);
  });

  test("takes the port it is told, and gives it back when closed", async () => {
    const first = await azureEmulator({ seed: seedOf([]) });
    const { port } = first;
    await expect(azureEmulator({ seed: seedOf([]), port })).rejects.toThrow("EADDRINUSE");
    await first[Symbol.asyncDispose]();
    const second = await startForTest({ seed: seedOf([]), port });
    expect(second.url).toBe(`https://127.0.0.1:${port}`);
    expect(second.controlToken).not.toBe(first.controlToken);
  });
});

describe("the controls over HTTPS", () => {
  const control = (controlToken = emulator.controlToken): EmulatorControl<AzureEmulator> =>
    emulatorControl<AzureEmulator>({ url: emulator.url, ca: emulator.ca, controlToken });

  test("do everything that the controls in the process do", async () => {
    const remote = control();
    const wrap = (): Promise<unknown> => cryptographyOf(emulator, aes).wrapKey("A256KW", Buffer.alloc(16));
    await remote.disableKey(aes);
    await expectRefusal(wrap(), 403, "Forbidden", "KeyDisabled");
    await remote.enableKey(aes);
    await remote.scheduleKeyDeletion(aes, 7);
    await expectRefusal(wrap(), 404, "KeyNotFound");
    await remote.cancelKeyDeletion(aes);
    await remote.deny(aes, { action: "WrapKey" });
    await expectRefusal(wrap(), 403, "Forbidden", "ForbiddenByRbac");
    await remote.allow(aes);
    await remote.rotate(aes);
    await remote.addFault({ fault: "throttle" });
    await expectRefusal(wrap(), 429, "Throttled");
    expect(await remote.listFaults()).toEqual([{ fault: "throttle" }]);
    await remote.clearFaults();
    const made = await remote.createKey({ vault: "hsm-one", name: "made", kty: "oct-HSM" });
    expect(made).toBe(emulator.keyNamed("made"));
    expect(await remote.keys()).toEqual(emulator.keys);
    expect(await remote.calls()).toEqual(JSON.parse(JSON.stringify(emulator.calls())));
    await remote.resetCalls();
    await wrap();
    expect(await remote.counts()).toEqual({ WrapKey: 1 });
  });

  test("want the token, and the authority", async () => {
    await expect(control("").disableKey(aes)).rejects.toThrow("401");
    expect(() => emulatorControl({ url: emulator.url, controlToken: "x" })).toThrow(
      "expected http on loopback, or https with its ca",
    );
  });

  test("say what they expected", async () => {
    await expect(control().disableKey("aes")).rejects.toThrow("expected the id of a key");
    await expect(control().createKey({ vault: "hsm-one", name: "x" } as never)).rejects.toThrow("key.kty: expected one of RSA");
  });
});
