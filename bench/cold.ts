import { randomBytes } from "node:crypto";
import { envelope, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { median, round3, type Row } from "./measure.ts";

const rounds = 11;
const openers = 10_000;

/** 10,000 concurrent opens of one data key on a cold cache, against as many on a warm one: what waiting together costs. */
export async function coldGroup(): Promise<Row[]> {
  let unwraps = 0;
  const kms = multiCloudKms({
    adapters: [local({ keys: { main: { aes256: randomBytes(32) } } })],
    onEvent: ({ type }) => {
      if (type === "unwrap") unwraps += 1;
    },
  });
  const cmk = { provider: "local", resource: "local:main" };
  const settings = { kms, cmk: () => cmk, dataKeys: memoryDataKeyStore(), recordKey: randomBytes(32), service: "bench" };
  const sealed = await envelope(settings).seal(randomBytes(32), { tenant: "acme" });
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const box = envelope(settings);
    const all = async (): Promise<number> => {
      const started = performance.now();
      await Promise.all(Array.from({ length: openers }, async () => box.open(sealed, { tenant: "acme" })));
      return performance.now() - started;
    };
    unwraps = 0;
    cold.push(await all());
    if (unwraps !== 1) throw new Error(`expected 1 KMS call for ${openers} cold opens, got ${unwraps}`);
    warm.push(await all());
  }
  const [cmkit, peer] = [median(cold), median(warm)];
  const name = `${openers} concurrent cold opens (1 KMS call) vs warm`;
  return [{ group: "cold", name, unit: "ms", cmkit: round3(cmkit), peer: round3(peer), ratio: round3(cmkit / peer), rounds }];
}
