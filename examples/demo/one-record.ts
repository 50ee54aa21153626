import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import Table from "cli-table3";
import type { Cmk, Kms } from "@cmkit/core";
import { customerRow, demoFields, demoRegistry, encryptCustomer } from "./customer-files.ts";
import type { Customer } from "../data/read-customers.ts";

/** One record three times: as the application has it, as the table stores it, and as support staff see it. */
export async function oneRecord(kms: Kms, cmk: Cmk, customer: Customer): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/cmkit-demo-`);
  const registry = demoRegistry(kms, directory, randomBytes(32).toString("base64url"));
  try {
    await registry.register(customer.tenant, { ...cmk, defaultCmk: true });
    const pii = demoFields(registry);
    const stored = await encryptCustomer(pii, customerRow(customer));
    const clear = flat(await pii.for(stored.tenant).decrypt(stored));
    const masked = flat(await pii.for(stored.tenant).decrypt(stored, { mask: true }));
    const table = new Table({ head: ["column", "in clear", "as stored", "as masked"], style: { head: [], border: [] } });
    for (const [column, value] of Object.entries(flat(stored)))
      table.push([column, clear[column] ?? "", value, masked[column] ?? ""]);
    return table.toString();
  } finally {
    await registry.close();
    await rm(directory, { recursive: true });
  }
}

/** A row with `address.street` as a column. */
function flat(row: object): Record<string, string> {
  const columns = Object.entries(row).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    typeof value === "object" && value !== null && !(value instanceof Date)
      ? Object.entries(value).map(([inner, part]: [string, unknown]) => [`${name}.${inner}`, part])
      : [[name, value]],
  );
  return Object.fromEntries(columns.map(([name, value]) => [name, short(value)]));
}

function short(value: unknown): string {
  const text = value instanceof Date ? value.toISOString().slice(0, 10) : typeof value === "string" ? value : "null";
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
