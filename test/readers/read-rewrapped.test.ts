import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { multiCloudKms, rewrapPortable } from "@cmkit/core";
import { local } from "@cmkit/core/local";
import { expect, test } from "vitest";
import { missingPython, runPython, workspace } from "./python.ts";

const reader = join(workspace, "docs/readers/read_envelope.py");
const vectors = join(workspace, "packages/core/test/vectors");

interface KmsVectors {
  readonly recordKey: string;
  readonly localKeys: Readonly<Record<string, string>>;
}

interface Vector {
  readonly name: string;
  readonly tenant: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly accepted: readonly { readonly provider: string; readonly resource: string }[];
  readonly recordKey: string | null;
  readonly sealed: string;
  readonly text?: string;
}

const read = (name: string): unknown => JSON.parse(readFileSync(`${vectors}/${name}.json`, "utf8"));
const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const from = { provider: "local", resource: "local:vectors" };
const to = { provider: "local", resource: "local:rewrapped" };

test("the Python reader opens what was rewrapped, with the new key and not with the old one", async (ctx) => {
  const reason = missingPython("cryptography");
  if (reason !== undefined) ctx.skip(reason);
  const kmsVectors = read("kms") as KmsVectors;
  const newKey = randomBytes(32);
  const keys = {
    vectors: { aes256: fromHex(kmsVectors.localKeys[from.resource] ?? "") },
    rewrapped: { aes256: new Uint8Array(newKey) },
  };
  const kms = multiCloudKms({ adapters: [local({ keys })] });
  const recordKey = fromHex(kmsVectors.recordKey);
  const portable = (read("opens") as Vector[]).filter(
    ({ sealed, accepted, recordKey: key, text }) =>
      sealed.startsWith("84") && accepted.length === 1 && accepted[0]?.resource === from.resource && key === "current" && !text,
  );
  expect(portable.length).toBeGreaterThan(20);
  const rewrapped = await Promise.all(
    portable.map(async (vector) => {
      const { tenant, context = {}, sealed } = vector;
      const moved = await rewrapPortable(fromHex(sealed), { kms, recordKey, from, to, tenant, context });
      return { ...vector, sealed: Buffer.from(moved).toString("hex") };
    }),
  );
  const folder = mkdtempSync(join(tmpdir(), "cmkit-rewrapped-"));
  try {
    const write = (name: string, content: unknown): void => writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
    write("kms", { ...kmsVectors, localKeys: { ...kmsVectors.localKeys, [to.resource]: newKey.toString("hex") } });
    write("records", []);
    write(
      "opens",
      rewrapped.map((vector) => ({ ...vector, accepted: [to] })),
    );
    write("opens-large", []);
    write(
      "refusals",
      rewrapped.map((vector) => ({ ...vector, accepted: [from], code: "key-removed", asksKms: false })),
    );
    const { status, stdout, stderr } = runPython([reader, folder]);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `${portable.length} opened, ${portable.length} refused\n`,
      stderr: "",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
