// Writes packages/core/test/vectors/*.json: node packages/core/test/generate-vectors.ts
// The vectors are frozen. A later version must open and refuse exactly these; new ones are only ever added.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { blindIndexVectors } from "./vectors/blind-index.ts";
import { originTag } from "./vectors/data-keys.ts";
import { fieldValueVectors } from "./vectors/field-values.ts";
import { restartIvs } from "./vectors/messages.ts";
import { opensVectors, vectorKeys } from "./vectors/opens.ts";
import { hex } from "./vectors/raw-cbor.ts";
import { refusalVectors } from "./vectors/refusals.ts";
import { keyVersionGrammars, localAes, previousRecordKey, recordKey, World } from "./vectors/world.ts";

/** Every vector file by name, as text. The same each time. */
export function generateVectors(): Readonly<Record<string, string>> {
  restartIvs();
  const world = new World();
  const keys = vectorKeys(world);
  const { opens, large } = opensVectors(world, keys);
  const refusals = refusalVectors(world, keys);
  const dataKeys = world.dataKeys.map(({ label, ...key }) => ({
    name: label,
    purpose: key.purpose,
    context: key.context,
    root: hex(key.root),
    canonicalContext: hex(key.canonical),
    contextHash: hex(key.contextHash),
    contentKey: hex(key.contentKey),
    id: hex(key.id),
    sealedPayload: hex(key.payload),
    originTag: hex(originTag(recordKey, key)),
  }));
  const kms = {
    recordKey: hex(recordKey),
    previousRecordKey: hex(previousRecordKey),
    localKeys: { "local:vectors": hex(localAes), "local:other": hex(localAes) },
    keyVersionGrammars,
    answers: world.answers,
  };
  return {
    "data-keys.json": json(dataKeys),
    "kms.json": json(kms),
    "records.json": json(world.records),
    "opens.json": json(opens),
    "opens-large.json": json(large),
    "refusals.json": json(refusals),
    "field-values.json": json(fieldValueVectors()),
    "blind-index.json": json(blindIndexVectors()),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(generateVectors())) {
    writeFileSync(new URL(`vectors/${name}`, import.meta.url), text);
  }
}
