// Works on a data-key file as a process of its own: WHAT FILE. `rewrap` moves everything from local:a to local:b and prints
// what became of it; `append` adds 50 data keys under local:a, and prints each id when it is stored.
import { writeSync } from "node:fs";
import { fileDataKeyStore } from "../src/file-data-key-store.ts";
import { rewrapDataKeyFile } from "../src/rewrap-data-key-file.ts";
import { fileKms, fileRecord, fileRecordKey, keyA, keyB } from "./rewrap-file-records.ts";

const [, , what, path = ""] = process.argv;
const kms = fileKms();
if (what === "rewrap") {
  const onProgress = (): void => void writeSync(1, "one\n");
  const report = await rewrapDataKeyFile(path, { kms, recordKey: fileRecordKey, from: keyA, to: keyB, onProgress });
  writeSync(1, `${JSON.stringify(report)}\n`);
} else {
  const store = fileDataKeyStore(path);
  for (let i = 0; i < 50; i += 1) {
    const record = await fileRecord(kms, keyA);
    await store.add(record);
    writeSync(1, `${Buffer.from(record.id).toString("hex")}\n`);
  }
}
