import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { encodeRecord } from "../src/data-key-record-line.ts";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import type { DriverDescription, KmsDriver } from "../src/driver.ts";
import { fileDataKeyStore } from "../src/file-data-key-store.ts";
import { isKmsError, KmsError } from "../src/kms-error.ts";
import type { DataKeyFileRewrap } from "../src/rewrap-data-key-file.ts";
import { World } from "./envelope-world.ts";
import { stubKms } from "./kms-stub.ts";
import { DataKeyFiles, fileRecord, keyA, keyB, keyC } from "./rewrap-file-records.ts";

const files = new DataKeyFiles();
const { kms } = files;
afterAll(() => files.remove());

const codeOf = async (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "ok",
    (error: unknown) => (isKmsError(error) ? error.code : String(error)),
  );

const report = (change: Partial<DataKeyFileRewrap>): DataKeyFileRewrap => ({
  dataKeys: 0,
  rewrapped: 0,
  already: 0,
  elsewhere: 0,
  failed: [],
  damagedLine: undefined,
  ...change,
});

describe("rewrapping a data-key file", () => {
  test("moves every data key under the source, and nothing of it but that wrap is another", async () => {
    const { path, records } = await files.make(20);
    const others = [await fileRecord(kms, keyB), await fileRecord(kms, keyC)];
    const store = fileDataKeyStore(path);
    for (const record of others) await store.add(record);
    expect(await files.move(path)).toEqual(report({ dataKeys: 22, rewrapped: 20, already: 1, elsewhere: 1 }));
    expect(await files.keys(path)).toEqual({ "local:b": 21, "local:c": 1 });
    const after = await files.records(path);
    const without = (list: readonly DataKeyRecord[]): unknown[] => list.map((record) => ({ ...record, recipients: 0 }));
    expect(without(after)).toEqual(without([...records, ...others]));
    expect(after.slice(20)).toEqual(others);
  });

  test("refuses to work on none at once, which would never end", async () => {
    const { path } = await files.make(1);
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      await expect(files.move(path, { concurrency })).rejects.toThrow(RangeError);
    }
    expect(await files.keys(path)).toEqual({ "local:a": 1 });
  });

  test("shows at once in a store that had read the file before, for index keys too", async () => {
    const { path, records } = await files.make(2);
    const store = fileDataKeyStore(path);
    const [field, index] = records as [DataKeyRecord, DataKeyRecord];
    const found = async () => [await store.get("acme", field.id), await store.indexKey(index.context)];
    expect(await found()).toEqual([field, index]);
    await files.move(path);
    const after = await files.records(path);
    expect(await found()).toEqual(after);
    expect(after.map(({ recipients }) => recipients[0].cmk)).toEqual([keyB, keyB]);
  });

  test("keeps the index key that every process was given, where the file has another one of its context", async () => {
    const { path, records } = await files.make(2);
    plant(path, await fileRecord(kms, keyA, "index"), "acme");
    expect(await files.move(path)).toMatchObject({ dataKeys: 3, rewrapped: 3 });
    const index = await fileDataKeyStore(path).indexKey({ tenant: "acme" });
    expect(index?.id).toEqual(records[1]?.id);
    expect(index?.recipients[0].cmk).toEqual(keyB);
  });

  test("only appends to it, and does nothing the second time", async () => {
    const { path } = await files.make(5);
    const before = readFileSync(path);
    await files.move(path);
    const after = readFileSync(path);
    expect(after.subarray(0, before.length)).toEqual(before);
    const refusing = { ...kms, open: () => refuse("access-denied") };
    expect(await codeOf(files.move(path, { kms: refusing }))).toBe("access-denied");
    const world = new World();
    expect(await files.move(path, { kms: world.kms })).toEqual(report({ dataKeys: 5, already: 5 }));
    expect(world.scripted.calls).toEqual([]);
    expect(readFileSync(path)).toEqual(after);
  });

  test("moves there and back again", async () => {
    const { path } = await files.make(4);
    await files.move(path);
    await files.move(path, { from: keyB, to: keyA });
    expect(await files.keys(path)).toEqual({ "local:a": 4 });
    expect(await files.move(path)).toEqual(report({ dataKeys: 4, rewrapped: 4 }));
  });

  test("in a dry run only counts, and asks no KMS", async () => {
    const { path, records } = await files.make(6);
    plant(path, records[0], "globex", { origin: null });
    const before = readFileSync(path);
    const world = new World();
    const failed = [{ id: idOf(records[0]), code: "decrypt-failed" as const }];
    expect(await files.move(path, { kms: world.kms, dryRun: true })).toEqual(report({ dataKeys: 7, rewrapped: 6, failed }));
    expect(world.scripted.calls).toEqual([]);
    expect(readFileSync(path)).toEqual(before);
  });

  test("leaves what fails as it is, and goes on with all else", async () => {
    const { path, records } = await files.make(6);
    const [genuine] = records;
    plant(path, genuine, "globex"); // under a genuine id
    const [forged, exchanged] = [await fileRecord(kms, keyA), await fileRecord(kms, keyA)];
    plant(path, forged, "acme", { origin: null });
    plant(path, exchanged, "acme", { recipients: forged.recipients });
    const result = await files.move(path, { concurrency: 1 });
    const failed = [genuine, forged, exchanged].map((record) => ({ id: idOf(record), code: "decrypt-failed" }));
    expect({ ...result, failed: new Set(result.failed) }).toEqual({
      ...report({ dataKeys: 9, rewrapped: 6 }),
      failed: new Set(failed),
    });
    expect((await files.records(path)).slice(6).map(({ recipients }) => recipients[0].cmk)).toEqual([keyA, keyA, keyA]);
  });

  test("keeps each failure's code, and moves what failed the next time", async () => {
    const { path, records } = await files.make(3);
    const [first] = records;
    const flaky = failingOnce(first?.recipients[0].bytes);
    const result = await files.move(path, { kms: flaky });
    expect(result).toMatchObject({ rewrapped: 2, failed: [{ code: "access-denied" }] });
    expect(await files.move(path)).toEqual(report({ dataKeys: 3, rewrapped: 1, already: 2 }));
  });

  test("begins with the target: what that refuses is refused before anything is done", async () => {
    const { path } = await files.make(2);
    const before = readFileSync(path);
    const stub = stubKms((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), state: "disabled" }),
    }));
    const to = { provider: "local", resource: "local:aes" };
    expect(await codeOf(files.move(path, { kms: stub.kms, to }))).toBe("key-disabled");
    expect(stub.asked).not.toContain("unwrap");
    expect(readFileSync(path)).toEqual(before);
  });

  test("is unavailable without a file, which it does not make", async () => {
    const path = files.newPath();
    expect(await codeOf(files.move(path))).toBe("unavailable");
    await expect(files.records(path)).rejects.toThrow("there is no data-key file");
    expect(await codeOf(files.move(files.folder))).toBe("unavailable");
  });

  test("makes no file where the one that it works on was deleted", async () => {
    const { path } = await files.make(3);
    let deleted = false;
    const deleting = watchedUnwraps(() => {
      if (!deleted) rmSync(path);
      deleted = true;
    });
    expect(await codeOf(files.move(path, { kms: deleting, concurrency: 1 }))).toBe("unavailable");
    expect(await codeOf(files.records(path))).toBe("unavailable");
  });

  test("names the first damaged line, which may have held another data key", async () => {
    const { path, records } = await files.make(2);
    appendFileSync(path, `${encodeRecord(await fileRecord(kms, keyA)).replace('"id"', '"ID"')}\n{"cut`);
    expect(await files.move(path)).toEqual(report({ dataKeys: records.length, rewrapped: 2, damagedLine: 3 }));
  });

  test("ends when its caller aborts, and what was rewrapped stays so", async () => {
    const { path } = await files.make(10);
    const ending = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ rewrapped }: DataKeyFileRewrap): void => {
      seen.push(rewrapped);
      if (rewrapped === 3) ending.abort();
    };
    expect(await codeOf(files.move(path, { signal: ending.signal, onProgress, concurrency: 1 }))).toBe("aborted");
    expect(seen).toEqual([1, 2, 3]);
    expect(await files.keys(path)).toEqual({ "local:a": 7, "local:b": 3 });
  });

  test("goes on until nothing is left, though others add data keys under the source", async () => {
    const { path } = await files.make(3);
    const store = fileDataKeyStore(path);
    const late = await Promise.all([1, 2, 3].map(async () => fileRecord(kms, keyA)));
    let adding: Promise<unknown> = Promise.resolve();
    const onProgress = (): void => {
      const record = late.pop();
      if (record !== undefined) adding = adding.then(async () => store.add(record));
    };
    const slow = watchedUnwraps(async () => adding);
    const result = await files.move(path, { kms: slow, onProgress, concurrency: 1 });
    await adding;
    expect(result.dataKeys).toBeGreaterThan(3);
    expect(await files.move(path)).toMatchObject({ dataKeys: 6, failed: [] });
    expect(await files.keys(path)).toEqual({ "local:b": 6 });
  });

  test("gives up a data key that is moved back each time", async () => {
    const { path } = await files.make(1);
    const line = readFileSync(path);
    const result = await files.move(path, { onProgress: () => appendFileSync(path, line) });
    expect(result).toMatchObject({ dataKeys: 1, rewrapped: 0, failed: [{ code: "unavailable" }] });
  });

  test("of two that run at once to different keys, leaves every data key under one of them", async () => {
    const { path } = await files.make(40);
    const both = await Promise.all([files.move(path), files.move(path, { to: keyC })]);
    for (const { failed } of both) expect(failed).toEqual([]);
    const keys = await files.keys(path);
    expect((keys["local:b"] ?? 0) + (keys["local:c"] ?? 0)).toBe(40);
  });
});

describe("a key's older versions", () => {
  test("are those beside the pinned one, for an RSA key with a pin", async () => {
    const rsa = { provider: "local", resource: "local:rsa" };
    const { kms: rotated } = stubKms(
      (driver): Partial<KmsDriver> => ({
        describe: async (version, call) => ({ ...(await driver.describe(null, call)), keyVersion: version ?? "2" }),
      }),
      { keyVersionGrammar: /^\d$/ },
    );
    const { spkiSha256 } = await stubKms().kms.open(rsa).publicKey();
    const pin = { keyVersion: "1", spkiSha256 };
    const path = files.newPath();
    const pinned = { ...rotated, open: (cmk: typeof rsa) => rotated.open(cmk, { pin }) };
    await fileDataKeyStore(path).add(await fileRecord(pinned, rsa));
    const stay = { kms: rotated, from: rsa, to: { ...rsa, pin } };
    expect(await files.move(path, stay)).toEqual(report({ dataKeys: 1, already: 1 }));
  });

  test("are left for the current one, where source and target are the same key", async () => {
    let latest = 1;
    const { kms: versioned } = stubKms(
      (driver): Partial<KmsDriver> => ({
        describe: async (version, call): Promise<DriverDescription> => ({
          ...(await driver.describe(null, call)),
          keyVersion: version ?? `${latest}`,
        }),
        wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), keyVersion: `${latest}` }),
        unwrap: async (request, call) => ({ ...(await driver.unwrap(request, call)), keyVersion: request.keyVersion }),
      }),
      { keyVersionGrammar: /^\d$/ },
    );
    const aes = { provider: "local", resource: "local:aes" };
    const path = files.newPath();
    const store = fileDataKeyStore(path);
    for (let i = 0; i < 3; i += 1) await store.add(await fileRecord(versioned, aes));
    const stay = { kms: versioned, from: aes, to: aes };
    expect(await files.move(path, stay)).toEqual(report({ dataKeys: 3, already: 3 }));
    latest = 2;
    await store.add(await fileRecord(versioned, aes));
    expect(await files.move(path, { ...stay, dryRun: true })).toEqual(report({ dataKeys: 4, rewrapped: 3, already: 1 }));
    // The key is rotated again while it works: the data key that was moved before that is moved once more.
    let done = 0;
    const onProgress = (): void => void ((done += 1) === 2 && (latest = 3));
    expect(await files.move(path, { ...stay, onProgress, concurrency: 1 })).toMatchObject({ rewrapped: 4, failed: [] });
    expect((await files.records(path)).map(({ recipients }) => recipients[0].keyVersion)).toEqual(["3", "3", "3", "3"]);
  });
});

/** Writes another version of a record into the file. */
function plant(path: string, record: DataKeyRecord | undefined, tenant: string, change: Partial<DataKeyRecord> = {}): void {
  if (record === undefined) throw new TypeError("expected a record");
  appendFileSync(path, `${encodeRecord({ ...record, ...change, context: { tenant } })}\n`);
}

function idOf(record: DataKeyRecord | undefined): string {
  return Buffer.from(record?.id ?? "").toString("base64url");
}

/** The KMS, with something done before each unwrap under the source. */
function watchedUnwraps(before: () => unknown): typeof kms {
  return {
    ...kms,
    open: (cmk, options) => {
      const key = kms.open(cmk, options);
      const unwrapKey: typeof key.unwrapKey = async (...given) => {
        await before();
        return key.unwrapKey(...given);
      };
      return Object.create(key, { unwrapKey: { value: unwrapKey } }) as typeof key;
    },
  };
}

/** The KMS, which refuses one wrap. */
function failingOnce(bytes: Uint8Array | undefined): typeof kms {
  return {
    ...kms,
    open: (cmk, options) => {
      const key = kms.open(cmk, options);
      const unwrapKey: typeof key.unwrapKey = async (wrapped, ...given) =>
        bytes !== undefined && Buffer.compare(wrapped.bytes, bytes) === 0
          ? refuse("access-denied")
          : key.unwrapKey(wrapped, ...given);
      return Object.create(key, { unwrapKey: { value: unwrapKey } }) as typeof key;
    },
  };
}

function refuse(code: "access-denied"): never {
  throw new KmsError(code, { provider: "local" });
}
