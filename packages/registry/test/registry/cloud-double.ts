import { generateKeyPairSync, randomBytes } from "node:crypto";
import { KmsError, type KeyState, type KmsAdapter, type KmsDriver, type KmsErrorCode, type RequestQuota } from "@cmkit/core";
import { local } from "@cmkit/core/local";

const rsaPrivateKeys = [0, 1].map(
  () =>
    generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    }).privateKey,
);

/**
 * A cloud of a few keys in memory, `double:NAME`, or `double:NAME/1` for a version of one, with aliases, states, versions of
 * RSA keys and refusals to order.
 */
export class CloudDouble {
  /** What `alias:NAME` means. */
  readonly aliases = new Map<string, string>();
  readonly states = new Map<string, KeyState>();
  readonly refusals = new Map<string, KmsErrorCode>();
  /** The version of every RSA key, 1 or 2: each has key material of its own. */
  rsaVersion = 1;
  /** The version that symmetric keys say they wrap under: all have the same key material. */
  aesVersion = 1;
  /** How many requests came. */
  requests = 0;
  /** The same for each key. */
  readonly requestsOf = new Map<string, number>();
  /** Which all of its keys share. */
  quota: RequestQuota | undefined;
  /** Denies unwrapping, and nothing else. */
  refuseUnwrap = false;
  /** Runs before a wrap is answered. */
  onWrap: (() => Promise<void>) | undefined;
  /** Runs before an unwrap is answered. */
  onUnwrap: (() => Promise<void>) | undefined;
  private readonly keys = Object.fromEntries(["a", "b", "c"].map((name) => [name, { aes256: randomBytes(32) }]));
  private readonly versions = rsaPrivateKeys.map((rsaPrivateKey) => local({ keys: { ...this.keys, rsa: { rsaPrivateKey } } }));

  readonly adapter: KmsAdapter = {
    provider: "double",
    keyVersionGrammar: /^[1-9]\d{0,3}$/,
    open: (resource) => {
      const [, kind, key] = /^(double|alias):([a-z]+(?:\/[12])?)$/.exec(resource) ?? [];
      if (key === undefined) throw new KmsError("invalid-resource", { provider: "double", detail: "expected double:NAME" });
      const driver = this.driver(resource, () => (kind === "alias" ? (this.aliases.get(key) ?? key) : key));
      if (kind === "alias") return { ...driver, resolved: false };
      return { ...driver, keyResource: resource.replace(/\/[12]$/, "") };
    },
    classify: () => ({ code: "unknown" }),
  };

  /** @param key Says which: `NAME`, or `NAME/VERSION`, which uses no other version. */
  private driver(resource: string, key: () => string): KmsDriver {
    const nameOf = (): string => key().replace(/\/[12]$/, "");
    const versionOf = (keyVersion: string | null): string =>
      key().split("/")[1] ?? keyVersion ?? String(nameOf() === "rsa" ? this.rsaVersion : this.aesVersion);
    const inner = (keyVersion: string | null): KmsDriver => {
      const adapter = this.versions[nameOf() === "rsa" ? Number(versionOf(keyVersion)) - 1 : 0];
      if (adapter === undefined) throw new KmsError("key-not-found");
      return adapter.open(`local:${nameOf()}`);
    };
    const named = (keyVersion: string | null): { answeredBy: string; keyVersion: string } => ({
      answeredBy: `double:${key()}`,
      keyVersion: versionOf(keyVersion),
    });
    const asked = (): void => {
      this.requests += 1;
      this.requestsOf.set(nameOf(), (this.requestsOf.get(nameOf()) ?? 0) + 1);
      const refusal = this.refusals.get(nameOf());
      if (refusal !== undefined) throw new KmsError(refusal);
    };
    return {
      resource,
      resolved: true,
      describe: async (keyVersion, call) => {
        asked();
        const described = await inner(keyVersion).describe(null, call);
        const state = this.states.get(nameOf()) ?? "enabled";
        const quota = this.quota && { quota: this.quota };
        return { ...described, ...quota, resource: `double:${key()}`, state, keyVersion: versionOf(keyVersion) };
      },
      publicKey: async (keyVersion, call) => {
        asked();
        return { ...(await inner(keyVersion).publicKey(null, call)), ...named(keyVersion) };
      },
      wrap: async (request, call) => {
        asked();
        await this.onWrap?.();
        return { ...(await inner(null).wrap(request, call)), ...named(null) };
      },
      unwrap: async (request, call) => {
        asked();
        await this.onUnwrap?.();
        if (this.refuseUnwrap) throw new KmsError("access-denied");
        return { ...(await inner(request.keyVersion).unwrap(request, call)), ...named(request.keyVersion) };
      },
    };
  }
}
