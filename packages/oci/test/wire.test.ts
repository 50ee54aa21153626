import { createHash, createPublicKey, verify } from "node:crypto";
import { SimpleAuthenticationDetailsProvider } from "oci-common";
import { KmsCryptoClient, KmsManagementClient } from "oci-keymanagement";
import { describe, expect, it, vi } from "vitest";
import { identities } from "../src/identities.ts";
import type { OciClient } from "../src/index.ts";
import { signedClient } from "../src/signed-client.ts";
import { cmk, credentials, keyOcid, privateKey, tenancy, versionOcid } from "./samples.ts";
import { answer, scriptedServer, type Received } from "./scripted-server.ts";

const { user, fingerprint } = credentials;
const provider = new SimpleAuthenticationDetailsProvider(tenancy, user, fingerprint, privateKey, null);

// The real clients fit the type.
const real: OciClient = {
  crypto: new KmsCryptoClient({ authenticationDetailsProvider: provider }),
  management: new KmsManagementClient({ authenticationDetailsProvider: provider }),
};

const call = { signal: new AbortController().signal, remainingMs: 5000 };
const associatedData = { tenant: 'Zo\u00eb \u{1f511} "quoted" \\' };
const common = { keyId: keyOcid, keyVersionId: versionOcid, encryptionAlgorithm: "AES_256_GCM", associatedData };

const uses: Readonly<Record<string, (client: OciClient) => Promise<unknown>>> = {
  encrypt: async ({ crypto }) => crypto.encrypt({ encryptDataDetails: { ...common, plaintext: "AAAA" } }, call),
  decrypt: async ({ crypto }) => crypto.decrypt({ decryptDataDetails: { ...common, ciphertext: "AAAA" } }, call),
  getKey: async ({ management }) => management.getKey({ keyId: keyOcid }, call),
  getKeyVersion: async ({ management }) => management.getKeyVersion({ keyId: keyOcid, keyVersionId: versionOcid }, call),
};

const signedNames = (headers: Received["headers"]): string => /headers="([^"]+)"/.exec(headers.authorization ?? "")?.[1] ?? "";

function signatureHolds({ method, url, headers }: Received): boolean {
  const lines = signedNames(headers)
    .toLowerCase()
    .split(" ")
    .map((name) =>
      name === "(request-target)" ? `${name}: ${method.toLowerCase()} ${url}` : `${name}: ${String(headers[name])}`,
    );
  const signature = Buffer.from(/signature="([^"]+)"/.exec(headers.authorization ?? "")?.[1] ?? "", "base64");
  return verify("sha256", Buffer.from(lines.join("\n")), createPublicKey(privateKey), signature);
}

describe.each(Object.entries(uses))("our request for %s", (_name, use) => {
  it("is what the SDK's own client sends, and its answer is read alike", async () => {
    const server = await scriptedServer(answer(200, { id: "some", nested: { text: "Zo\u00eb" } }));
    Object.assign(real.crypto, { endpoint: server.url });
    Object.assign(real.management, { endpoint: server.url });
    const ours = signedClient(cmk, { crypto: server.url, management: server.url }, identities(credentials));
    expect(await use(ours)).toEqual(await use(real));
    const [mine, theirs] = server.requests;
    if (mine === undefined || theirs === undefined) throw new Error("expected two requests");
    expect([mine.method, mine.url]).toEqual([theirs.method, theirs.url]);
    expect(mine.body === "" ? "" : JSON.parse(mine.body)).toEqual(theirs.body === "" ? "" : JSON.parse(theirs.body));
    expect(signedNames(mine.headers)).toBe(signedNames(theirs.headers));
    expect(mine.headers["content-length"]).toBe(theirs.headers["content-length"]);
    for (const received of [mine, theirs]) {
      expect(received.headers.authorization).toContain(`keyId="${tenancy}/${user}/${fingerprint}"`);
      expect(signatureHolds(received)).toBe(true);
      const sha256 = createHash("sha256").update(received.body).digest("base64");
      expect(received.headers["x-content-sha256"]).toBe(received.method === "POST" ? sha256 : undefined);
    }
  });
});

describe("the console", () => {
  it("stays empty when our requests fail, where the SDK's clients write to it", async () => {
    const server = await scriptedServer(answer(404, { code: "NotAuthorizedOrNotFound", message: "the cloud's words" }));
    const spies = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name).mockReturnValue());
    const written = (): number => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    const ours = signedClient(cmk, { crypto: server.url, management: server.url }, identities(credentials));
    for (const use of Object.values(uses)) await expect(use(ours)).rejects.toBeInstanceOf(Error);
    expect(written()).toBe(0);
    Object.assign(real.management, { endpoint: server.url });
    await expect(uses["getKey"]?.(real)).rejects.toBeInstanceOf(Error);
    expect(written()).toBeGreaterThan(0);
    vi.restoreAllMocks();
  });
});
