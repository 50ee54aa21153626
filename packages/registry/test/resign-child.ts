import { writeSync } from "node:fs";

import { resignRecords } from "../src/resign-records.ts";
import { sqliteStore } from "../src/sqlite.ts";

// Tags a store anew, and stands still in the middle of the audit log until somebody kills it.
const [, , file = ""] = process.argv;
const recordKey = { previous: new Uint8Array(32).fill(1), current: new Uint8Array(32).fill(2) };
await resignRecords({
  store: sqliteStore(file),
  recordKey,
  onProgress: ({ auditEntries }) => {
    if (auditEntries === 0) return;
    writeSync(1, `${auditEntries} entries are tagged anew\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
