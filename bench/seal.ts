import { randomBytes } from "node:crypto";
import { envelope, memoryDataKeyStore, multiCloudKms } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { compare, type Row } from "./measure.ts";
import { plainToken } from "./plain-token.ts";

const times = 5000;

/** A field of 32 bytes on a warm cache, against a plain token. */
export async function sealGroup(): Promise<Row[]> {
  const kms = multiCloudKms({ adapters: [local({ keys: { main: { aes256: randomBytes(32) } } })] });
  const cmk = { provider: "local", resource: "local:main" };
  const box = envelope({ kms, cmk: () => cmk, dataKeys: memoryDataKeyStore(), recordKey: randomBytes(32), service: "bench" });
  const plain = plainToken();

  const field = new Uint8Array(randomBytes(32));
  const path = ["customers", "email", "42"];
  const options = { tenant: "acme", path };
  const sealer = await box.sealer({ tenant: "acme" });
  const sealed = sealer.seal(field, path);
  await box.open(sealed, options);
  const token = plain.seal(field);

  const plainSeal = (n: number): void => {
    for (let i = 0; i < n; i += 1) plain.seal(field);
  };
  const plainOpen = (n: number): void => {
    for (let i = 0; i < n; i += 1) plain.open(token);
  };
  const sealerSeal = (n: number): void => {
    for (let i = 0; i < n; i += 1) sealer.seal(field, path);
  };
  const boxSeal = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i += 1) await box.seal(field, options);
  };
  const boxOpen = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i += 1) await box.open(sealed, options);
  };
  return [
    await compare("seal", "sealer.seal", times, sealerSeal, plainSeal),
    await compare("seal", "box.seal", times, boxSeal, plainSeal),
    await compare("seal", "box.open", times, boxOpen, plainOpen),
  ];
}
