// Measures; never gates. Usage: npm run bench [-- --group files --megabytes 1000 | --group rewrap --keys 1000000] [--json]
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { firstWrapRows, warmGroup } from "./clouds.ts";
import { coldGroup } from "./cold.ts";
import { fieldsGroup } from "./fields.ts";
import { filesGroup } from "./files.ts";
import { importGroup } from "./import.ts";
import type { Row } from "./measure.ts";
import { sealGroup } from "./seal.ts";

const groups: Readonly<Record<string, () => Promise<Row[]>>> = {
  seal: sealGroup,
  cold: async () => [...(await coldGroup()), ...(await firstWrapRows())],
  warm: warmGroup,
  fields: fieldsGroup,
  files: async () => filesGroup({ megabytes: Number(values.megabytes) }),
  import: importGroup,
  // Loaded only where it is wanted: the other groups start without a database.
  rewrap: async () => (await import("./rewrap.ts")).rewrapGroup({ dataKeys: Number(values.keys) }),
};

const { values } = parseArgs({
  options: {
    group: { type: "string" },
    megabytes: { type: "string", default: "100" },
    keys: { type: "string", default: "200000" },
    json: { type: "boolean", default: false },
  },
});
const names = values.group === undefined ? Object.keys(groups) : [values.group];
const rows: Row[] = [];
for (const name of names) {
  const group = groups[name];
  if (group === undefined) {
    process.stderr.write(`bench: expected --group to be one of ${Object.keys(groups).join(", ")}, got ${name}\n`);
    process.exit(2);
  }
  rows.push(...(await group()));
}
if (values.json) {
  process.stdout.write(`${JSON.stringify(rows)}\n`);
} else {
  const table = new Table({
    head: ["group", "name", "cmkit", "peer", "unit", "ratio", "rounds"],
    style: { head: [], border: [] },
  });
  for (const { group, name, cmkit, peer, unit, ratio, rounds } of rows)
    table.push([group, name, cmkit, peer, unit, ratio, rounds]);
  process.stdout.write(`${table.toString()}\nMedians of interleaved rounds; ratio = cmkit / peer.\n`);
}
