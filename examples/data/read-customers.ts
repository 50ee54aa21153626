import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";

/** One row of customers.csv. `null` is a value that is not known, `""` one that is known to be empty. */
export interface Customer {
  readonly id: string;
  readonly tenant: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly address_street: string | null;
  readonly address_city: string | null;
  readonly country: string | null;
  readonly national_id: string | null;
  readonly birth_date: string | null;
  readonly notes: string | null;
}

/**
 * Reads the made-up customers. An unquoted empty cell becomes `null`, a quoted one `""`; nothing is trimmed or normalised.
 *
 * @param path A file with the columns of {@link Customer}; without it, the committed customers.csv.
 * @throws {Error} When the file cannot be read or is not RFC 4180.
 */
export function readCustomers(path: string | URL = new URL("customers.csv", import.meta.url)): Customer[] {
  return parse<Customer>(readFileSync(path, "utf8"), {
    columns: true,
    cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
  });
}
