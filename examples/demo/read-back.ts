// The fresh process: knows the files and the keys, nothing of what the first process held in memory.
import { json } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { readCustomers } from "../data/read-customers.ts";
import { customerRow, demoFields, demoRegistry, readStored } from "./customer-files.ts";
import { demoKms, type ReadBackJob, type ReadBackResult } from "./keys.ts";

const { keys, written } = (await json(process.stdin)) as ReadBackJob;
const results: ReadBackResult[] = [];
for (const { directory } of written) results.push(await readBack(directory));
process.stdout.write(JSON.stringify(results));

async function readBack(directory: string): Promise<ReadBackResult> {
  const { kms, requests } = await demoKms(keys);
  const registry = demoRegistry(kms, directory, keys.recordKey);
  const pii = demoFields(registry);
  const expected = new Map(readCustomers().map((customer) => [customer.id, customerRow(customer)]));
  let records = 0;
  let fields = 0;
  let lost = 0;
  for await (const stored of readStored(directory)) {
    const row = await pii.for(stored.tenant).decrypt(stored);
    records += 1;
    fields += Object.keys(row).length - 3 + Object.keys(row.address).length; // id and tenant are in clear, an address is two fields
    if (!isDeepStrictEqual(row, expected.get(row.id))) lost += 1;
    expected.delete(row.id);
  }
  await registry.close();
  await kms.close();
  return { records, fields, lost: lost + expected.size, kmsCalls: requests() };
}
