import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { DataKeyRecord } from "../src/data-key-store.ts";
import { RecordFile } from "../src/record-file.ts";
import { DataKeyFiles, fileRecord, keyB } from "./rewrap-file-records.ts";

const files = new DataKeyFiles();
const { kms } = files;
afterAll(() => files.remove());

describe("the record of a data key in a file", () => {
  test("is replaced only if the file still says what was read", async () => {
    const { path } = await files.make(1);
    const [mine, theirs] = [new RecordFile(path), new RecordFile(path)];
    const [old] = (await mine.all()).records as [DataKeyRecord];
    await theirs.all();
    const renewed = async (): Promise<DataKeyRecord> => ({ ...old, recipients: (await fileRecord(kms, keyB)).recipients });
    expect(await theirs.replace(old, await renewed())).toBe(true);
    const before = readFileSync(path);
    expect(await mine.replace(old, await renewed())).toBe(false);
    expect(readFileSync(path)).toEqual(before);
  });

  test("is not replaced by one that is another in more than its recipients", async () => {
    const { path } = await files.make(1);
    const file = new RecordFile(path);
    const [old] = (await file.all()).records as [DataKeyRecord];
    const other = { ...old, service: "other", recipients: (await fileRecord(kms, keyB)).recipients };
    expect(await file.replace(old, other)).toBe(false);
    expect(await files.records(path)).toEqual([old]);
  });
});
