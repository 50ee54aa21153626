import { multiCloudKms, type KeyKind } from "@cmkit/core";
import { beforeAll, describe, expect, it } from "vitest";

import { codeOf, Deployment, text, ttlMs, type How, type Message, type Process } from "./deployment.ts";
import { awsCloud, azureCloud, gcpCloud, ociCloud, type RevocableCloud, type Revocation } from "./revocable-clouds.ts";

const kinds: readonly KeyKind[] = ["symmetric", "rsa"];

const revoke: Readonly<Record<Revocation, (cloud: RevocableCloud, key: string) => void>> = {
  denied: ({ emulator }, key) => emulator.deny(key),
  disabled: ({ emulator }, key) => emulator.disableKey(key),
  "pending deletion": ({ emulator }, key) => emulator.scheduleKeyDeletion(key),
  // Its waiting period is over at once.
  destroyed: ({ emulator }, key) => emulator.scheduleKeyDeletion(key, 0),
};

const ways = Object.keys(revoke) as Revocation[];
const cases = kinds.flatMap((kind) => ways.map((how) => ({ kind, how })));
const starts = [
  { provider: "aws", start: awsCloud, expiring: kinds },
  { provider: "gcp", start: gcpCloud, expiring: [] }, // its keys have no end, nor have those of OCI
  { provider: "azure", start: azureCloud, expiring: kinds },
  { provider: "oci", start: ociCloud, expiring: [] },
];

/** Where the data keys of one test are: apart from those of the others, and with a second context. */
function contexts(name: string): readonly [How, How] {
  return [
    { tenant: "acme", context: { test: name } },
    { tenant: "acme", context: { test: name, region: "eu" } },
  ];
}

describe.each(starts)("a customer's key in the cloud of $provider", ({ start, expiring }) => {
  let cloud: RevocableCloud;
  let deployment: Deployment;
  /** One that does everything, one that does nothing while a key is taken away, one that has not used the key before. */
  let processes: Readonly<Record<"busy" | "idle" | "late", Process>>;
  let underAnother: Message;

  const newDefault = async (kind: KeyKind, validMs?: number, project = "acme"): Promise<string> => {
    const resource = await cloud.newKey(kind, validMs);
    await processes.busy.registry.register(project, { provider: cloud.provider, resource, defaultCmk: true });
    return resource;
  };

  beforeAll(async () => {
    cloud = await start();
    deployment = new Deployment(cloud);
    // Loads the cloud's SDK, which on a busy machine would use up the first call's time.
    const kms = multiCloudKms({ adapters: [cloud.adapter()] });
    await kms.open({ provider: cloud.provider, resource: await cloud.newKey("symmetric") }).describe({ timeoutMs: 60_000 });
    await kms.close();
    processes = { busy: deployment.process(), idle: deployment.process(), late: deployment.process() };
    await newDefault("symmetric");
    underAnother = await processes.busy.seal({ tenant: "acme" });
    return async () => {
      await deployment.close();
      await cloud.emulator.close();
    };
  }, 60_000);

  it.each(cases)(
    "($kind) that is $how: its first refusal drops all of the project's data keys under it, and no others",
    async ({ kind, how }) => {
      const { busy, idle, late } = processes;
      const { clock } = deployment;
      const code = cloud.codes[how];
      const [one, other] = contexts(`${kind} ${how}`);
      const key = await newDefault(kind);
      const own = [await busy.seal(one), await busy.seal(other)] as const;
      const sealer = await busy.box.sealer(one);
      const works = ["ok", "ok", "ok"];
      expect([await busy.opening(...own, underAnother), await busy.looking(one)]).toEqual([works, "ok"]);
      expect(await idle.opening(own[0])).toEqual(["ok"]);

      revoke[how](cloud, key);
      const requests = deployment.requests();
      expect([await busy.opening(...own, underAnother), await busy.looking(one)]).toEqual([works, "ok"]);
      expect(deployment.requests()).toBe(requests);

      // A key that nears its TTL asks again when it is used. That brings the refusal.
      await clock.advance(0.9 * ttlMs);
      const dropped = await busy.nextRefusal(async () => expect(await busy.opening(own[0])).toEqual(["ok"]));
      expect(dropped).toEqual(Array.from({ length: 5 }, () => "acme")); // two that sealed, two that were read, the index key
      expect(await busy.opening(...own, underAnother)).toEqual([code, code, "ok"]);
      expect([await busy.sealing(one), await busy.sealing(other), await busy.looking(one)]).toEqual([code, code, code]);
      expect(() => sealer.seal(text)).toThrow("get a new sealer");
      expect(await codeOf(busy.box.sealer(one))).toBe(code);

      await clock.advance(0.1 * ttlMs);
      expect(await idle.opening(own[0], underAnother)).toEqual([code, "ok"]);
      expect(await late.opening(own[0])).toEqual([code]);
      expect([await late.sealing(one), await late.looking(one)]).toEqual([code, code]);
    },
  );

  it("that two projects share leaves each its own data keys until its own first refusal", async () => {
    const { busy } = processes;
    const [how] = contexts("shared");
    const key = await newDefault("symmetric");
    await busy.registry.register("globex", { provider: cloud.provider, resource: key, defaultCmk: true });
    const messages = [await busy.seal(how), await busy.seal({ tenant: "globex" })] as const;
    expect(await busy.opening(...messages)).toEqual(["ok", "ok"]);
    cloud.emulator.disableKey(key);
    await deployment.clock.advance(0.9 * ttlMs);
    expect(await busy.nextRefusal(async () => busy.opening(messages[0]))).toEqual(["acme", "acme"]);
    expect(await busy.nextRefusal(async () => expect(await busy.opening(...messages)).toEqual(["key-disabled", "ok"]))).toEqual([
      "globex",
      "globex",
    ]);
    expect(await busy.opening(...messages)).toEqual(["key-disabled", "key-disabled"]);
  });

  it.each(expiring)("(%s) that expires is refused where the cloud refuses it", async (kind) => {
    const { busy, idle, late } = processes;
    const { clock } = deployment;
    const { code, opens } = cloud.expired ?? { code: "unknown", opens: false };
    const [how] = contexts(`${kind} expired`);
    await newDefault(kind, 100_000);
    const message = await busy.seal(how);
    expect(await idle.opening(message)).toEqual(["ok"]);
    cloud.wait(200_000);
    await clock.advance(ttlMs);
    const reading = opens ? "ok" : code;
    for (const process of [idle, late]) expect(await process.opening(message)).toEqual([reading]);
    expect([await late.sealing(how), await late.looking(how)]).toEqual([code, code]);
    // Where it still opens, it answers for the data key that was made before, to the end of that one's life.
    expect(await busy.sealing(how)).toBe(reading);
    await clock.advance(24 * 60 * 60_000);
    expect(await busy.sealing(how)).toBe(code);
  });
});
