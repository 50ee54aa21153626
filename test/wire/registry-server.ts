import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { aws } from "@cmkit/aws";
import { azure } from "@cmkit/azure";
import { multiCloudKms } from "@cmkit/core";
import { awsEmulator, defaultAwsSeed, type AwsEmulator } from "@cmkit/emulators";
import { gcp } from "@cmkit/gcp";
import { oci } from "@cmkit/oci";
import { apiTokens, cmkRegistry, type Accessors, type Registry } from "@cmkit/registry";
import { registryApp, type RequestEntry } from "@cmkit/registry/http";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { listener } from "../../packages/cli/src/server-listener.ts";

/** A registry on loopback, over a SQLite file and our emulator of AWS KMS, behind the listener of `cmkit serve`. */
export interface RegistryServer extends AsyncDisposable {
  readonly url: string;
  readonly registry: Registry;
  /** `operator` and `viewer` are of the project acme, `stranger` of another one, `everything` of all. */
  readonly tokens: Readonly<Record<Holder, string>>;
  /** What the operator's token is called where it is not shown. */
  readonly operatorId: string;
  readonly emulator: AwsEmulator;
  /** All that was answered, oldest first. */
  readonly answered: readonly RequestEntry[];
  /** Makes a symmetric key, and gives its ARN. */
  createKey(): Promise<string>;
  /** Makes the service crm seal data under the project's default CMK. */
  seal(project: string): Promise<void>;
  /** Rewraps what is under the project's oldest CMK to its newest one. */
  moveDataKeys(project: string): Promise<void>;
}

type Holder = "operator" | "viewer" | "stranger" | "everything";

export const accessors: Required<Accessors> = {
  aws: { principal: "arn:aws:iam::111122223333:role/cmkit" },
  gcp: { access_group: "byok@example.com" },
  azure: { app_id: "11111111-2222-4333-8444-555555555555" },
  oci: { access_group: "ocid1.group.oc1..aaaaexample", access_tenant: "ocid1.tenancy.oc1..aaaaexample" },
};

/** Well-formed names of keys in the clouds that are not asked here: to register one needs no cloud. */
export const elsewhere = {
  gcp: "projects/acme-prod/locations/europe-west1/keyRings/byok/cryptoKeys/master",
  azure: "https://acme.vault.azure.net/keys/master",
  oci: `ocid1.key.oc1.eu-frankfurt-1.b5pxf3gkaaaaa.abtheljt${"a".repeat(52)}`,
} as const;

const place = { region: "eu-west-1", account: "111122223333" } as const;

export async function startRegistry(): Promise<RegistryServer> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-registry-`);
  const emulator = await awsEmulator({ seed: { ...defaultAwsSeed(place), keys: [] } });
  const adapters = [aws({ endpoint: emulator.url, credentials: emulator.credentials }), gcp(), azure(), oci()];
  const kms = multiCloudKms({ adapters });
  const createKey = async (): Promise<string> => emulator.createKey({ ...place, keySpec: "SYMMETRIC_DEFAULT" });
  // The SDK is loaded now: on a busy machine that takes longer than a check of access may.
  await kms.open({ provider: "aws", resource: await createKey() }).describe({ timeoutMs: 60_000 });
  const store = sqliteStore(`${directory}/registry.db`);
  const recordKey = new Uint8Array(randomBytes(32));
  const registry = cmkRegistry({ kms, store, recordKey, accessors });
  const tokens = apiTokens({ store, recordKey });
  const answered: RequestEntry[] = [];
  const app = registryApp(registry, { tokens, onRequest: (entry) => answered.push(entry) });
  const server = await listener({ host: "127.0.0.1", port: 0 }, async (request, env) => app.fetch(request, env));
  const operator = await tokens.create("acme", "operator");
  return {
    url: server.url,
    registry,
    emulator,
    answered,
    tokens: {
      operator: operator.secret,
      viewer: (await tokens.create("acme", "viewer")).secret,
      stranger: (await tokens.create("globex", "operator")).secret,
      everything: (await tokens.create("*", "operator")).secret,
    },
    operatorId: operator.token.id,
    createKey,
    async seal(project) {
      await registry.envelope({ service: "crm" }).seal(Buffer.from("ada@example.com"), { tenant: project, path: ["email", "1"] });
    },
    async moveDataKeys(project) {
      const ids = (await registry.list(project)).map(({ id }) => id);
      const [from = "", to = ""] = [ids.at(0), ids.at(-1)];
      await registry.rewrap(project, { from, to });
    },
    async [Symbol.asyncDispose]() {
      await server.close(0);
      await registry.close();
      await kms.close();
      await emulator.close();
      await rm(directory, { recursive: true });
    },
  };
}
