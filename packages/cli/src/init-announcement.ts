import type { Made, SetUp } from "./init-command.ts";
import { nameOf } from "./server-store.ts";
import { table } from "./table.ts";

/** What `cmkit init` says at its end: what is where, and what to do next. */
export function initAnnouncement(setUp: SetUp, made: readonly Made[]): string {
  const state = (part: Made): string => (made.includes(part) ? "made" : "was there");
  const parts = table([
    [state("config"), setUp.config, "where the store is, and whom customers grant access"],
    [state("recordKey"), setUp.recordKey, "keep it apart from the store and its backups"],
    [setUp.store.engine === "sqlite" ? state("store") : "ready", nameOf(setUp.store), "the store"],
  ]);
  const config = quoted(setUp.config);
  return `${parts}
Next:
1. Say in ${setUp.config} whom your customers grant access, in the clouds that you serve:
   "accessors": {
     "aws":   { "principal": "arn:aws:iam::111122223333:role/cmkit" },
     "gcp":   { "access_group": "cmkit@example.com" },
     "azure": { "app_id": "00000000-0000-0000-0000-000000000000" },
     "oci":   { "access_group": "ocid1.group.oc1..aaaaaaaaexamplegroup", "access_tenant": "ocid1.tenancy.oc1..aaaaaaaaexampletenancy" }
   }
2. npx cmkit token create --config ${config} --project '*' --role operator
3. npx cmkit serve --config ${config}
`;
}

function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
