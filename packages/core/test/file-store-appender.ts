// Appends records to a data-key file as a process of its own: FILE COUNT. Prints each id when `add` has resolved.
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { fileDataKeyStore } from "../src/file-data-key-store.ts";

const [, , path = "", count = "1"] = process.argv;
const store = fileDataKeyStore(path);
for (let i = 0; i < Number(count); i += 1) {
  const id = new Uint8Array(randomBytes(32));
  await store.add({
    id,
    context: { tenant: "acme" },
    service: "test",
    purpose: "field",
    origin: null,
    recipients: [{ cmk: { provider: "local", resource: "local:a" }, keyVersion: "1", bytes: new Uint8Array(randomBytes(600)) }],
    createdAt: new Date(),
  });
  writeSync(1, `${Buffer.from(id).toString("hex")}\n`);
}
