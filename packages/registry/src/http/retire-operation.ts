import { z } from "@hono/zod-openapi";

import { refuseProjectToken } from "./authorization.ts";
import { nothing, operation, type Operation } from "./operation.ts";
import { retireJson, retireSchema } from "./retire-wire.ts";

const body = z
  .strictObject(
    {
      backups_until: z.iso
        .datetime({ offset: true, error: "must be a time as in RFC 3339, such as 2027-01-31T00:00:00Z" })
        .optional()
        .openapi({ description: "Until when backups exist that hold wraps under the key; from the last rewrap on." }),
    },
    "must be a JSON object",
  )
  .openapi("NewRetirement");

export const retireOperation: Operation = operation({
  method: "post",
  path: "/v1/project/{project}/secrets/cmks/{id}/retire",
  name: "retireCmk",
  summary: "Counts every data key under an old CMK, and says that there is none. Refuses while there is one. Changes no status.",
  role: "operator", // it reads the whole store and writes down its report
  body,
  query: nothing,
  answer: { status: 200, schema: z.object({ retire: retireSchema }), description: "The report, which is in the audit log too." },
  refusals: [400, 409, 413],
  run: async (call, { backups_until: until }) => {
    const { registry, project, id, by } = call;
    refuseProjectToken(call.principal, "The report tells of the whole store");
    const options = { ...by, ...(until === undefined ? {} : { backupsUntil: new Date(until) }) };
    return { retire: retireJson(await registry.retire(project, id, options)) };
  },
});
