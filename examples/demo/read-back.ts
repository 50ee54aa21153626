// The fresh process: knows the files and the keys, nothing of what the first process held in memory.
import { json } from "node:stream/consumers";
import { readCustomers } from "../data/read-customers.ts";
import { demoEnvelope, readSealed } from "./customer-files.ts";
import { demoKms, type ReadBackJob, type ReadBackResult } from "./keys.ts";

const { keys, cmk, directory } = (await json(process.stdin)) as ReadBackJob;
const { kms, requests } = demoKms(keys);
const box = demoEnvelope(kms, cmk, directory, keys.recordKey);

const expected = new Map(readCustomers().map((customer) => [customer.id, customer]));
let records = 0;
let fields = 0;
let lost = 0;
for await (const customer of readSealed(box, directory)) {
  const original = Object.entries(expected.get(customer["id"] ?? "") ?? {});
  expected.delete(customer["id"] ?? "");
  const wrong = original.filter(([name, value]) => customer[name] !== value).length;
  records += 1;
  fields += original.length - 2; // id and tenant are in clear
  lost += original.length === 0 ? 1 : wrong;
}
await kms.close();
const result: ReadBackResult = { records, fields, lost: lost + expected.size, kmsCalls: requests() };
process.stdout.write(JSON.stringify(result));
