// The peer of `cmkit seal`: the same rows through the same parser, each value sealed as a plain token. Usage: IN OUT
import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { openTable } from "../packages/cli/src/file-table.ts";
import { jsonLines } from "../packages/cli/src/json-lines.ts";
import { plainToken } from "./plain-token.ts";
import { sealedFields } from "./sealed-fields.ts";

const [, , input = "", output = ""] = process.argv;
const job = { fields: sealedFields, rowId: "id", dropped: [] };
const table = await openTable({ name: input, size: undefined, bytes: createReadStream(input) }, job);
const codec = jsonLines(job);
const token = plainToken();
const file = createWriteStream(output);
for await (const bytes of table.batches) {
  if (bytes === "too-long") throw new Error("expected shorter rows");
  const batch = codec.read(bytes);
  const done = batch.rows.map((row) => ({
    row,
    values: row.values.map((value) => token.seal(Buffer.from(JSON.stringify(value))).toString("base64url")),
  }));
  if (!file.write(batch.write(done))) await once(file, "drain");
}
file.end();
await finished(file);
