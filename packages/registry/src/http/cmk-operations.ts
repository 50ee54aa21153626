import { z } from "@hono/zod-openapi";

import { accessCheckJson, accessCheckSchema, grantJson, grantSchema } from "./access-wire.ts";
import {
  accessorsJson,
  accessorsSchema,
  cmkJson,
  cmkSchema,
  exampleResource,
  shownCmkJson,
  shownCmkSchema,
  wireProviders,
} from "./cmk-wire.ts";
import { nothing, operation, type Operation } from "./operation.ts";
import { retireOperation } from "./retire-operation.ts";
import { rewrapOperations } from "./rewrap-operations.ts";

const cmks = "/v1/project/{project}/secrets/cmks";
const cmk = `${cmks}/{id}`;

const truth = z.boolean("must be true or false");
const resourceWords = "must be a string of 1 to 512 characters";
const oneCmk = z.object({ cmk: cmkSchema });

const newCmk = z
  .strictObject(
    {
      provider: z.enum(wireProviders, `must be one of ${wireProviders.join(", ")}`),
      resource: z.string(resourceWords).min(1, resourceWords).max(512, resourceWords),
      default_cmk: truth.optional(),
    },
    "must be a JSON object",
  )
  .openapi("NewCmk", { example: { provider: "aws", resource: exampleResource, default_cmk: true } });

const cmkChange = z
  .strictObject(
    { default_cmk: truth.optional(), status: z.enum(["current", "old"], "must be current or old").optional() },
    "must be a JSON object",
  )
  .openapi("CmkChange");

const statusFilter = z.object({
  status: z.enum(["current", "old", "deleted"], "must be current, old or deleted").optional(),
});
const force = z.object({ force: z.enum(["true", "false"], "must be true or false").optional() });

const create = operation({
  method: "post",
  path: cmks,
  name: "createCmk",
  summary: "Registers a key. Asks no cloud: whether access works is what the access check finds out.",
  role: "operator",
  body: newCmk,
  query: nothing,
  answer: { status: 201, schema: oneCmk, description: "The new CMK." },
  refusals: [400, 409, 413, 422],
  run: async ({ registry, project, by }, { default_cmk, ...key }) => {
    const asked = { ...key, ...(default_cmk === undefined ? {} : { defaultCmk: default_cmk }) };
    return { cmk: cmkJson(await registry.register(project, asked, by)) };
  },
});

const list = operation({
  method: "get",
  path: cmks,
  name: "listCmks",
  summary: "Lists the CMKs of a project, oldest first; deleted ones only if they are asked for.",
  role: "viewer",
  body: nothing,
  query: statusFilter,
  answer: { status: 200, schema: z.object({ cmks: z.array(cmkSchema) }), description: "The CMKs." },
  refusals: [400],
  run: async ({ registry, project }, _body, { status }) => {
    const found = await registry.list(project, status === undefined ? {} : { status });
    return { cmks: found.map(cmkJson) };
  },
});

const accessors = operation({
  method: "get",
  path: `${cmks}/accessors`,
  name: "listCmkAccessors",
  summary: "Says whom the customer must grant access, in each cloud that is offered.",
  role: "viewer",
  body: nothing,
  query: nothing,
  answer: { status: 200, schema: z.object({ accessors: accessorsSchema }), description: "One entry a cloud." },
  refusals: [],
  run: async ({ registry }) => ({ accessors: accessorsJson(registry.accessors) }),
});

const get = operation({
  method: "get",
  path: cmk,
  name: "getCmk",
  summary: "Shows one CMK, and how its last access check ended.",
  role: "viewer",
  body: nothing,
  query: nothing,
  answer: { status: 200, schema: z.object({ cmk: shownCmkSchema }), description: "The CMK." },
  refusals: [],
  run: async ({ registry, project, id }) => ({ cmk: shownCmkJson(await registry.get(project, id)) }),
});

const update = operation({
  method: "post",
  path: cmk,
  name: "updateCmk",
  summary: "Makes a CMK the default, or old, or current again. Without a field nothing changes.",
  role: "operator",
  body: cmkChange,
  query: nothing,
  answer: { status: 200, schema: oneCmk, description: "The CMK as it is now." },
  refusals: [400, 409, 413],
  run: async ({ registry, project, id, by }, { default_cmk, status }) => {
    const change = {
      ...(default_cmk === undefined ? {} : { defaultCmk: default_cmk }),
      ...(status === undefined ? {} : { status }),
    };
    return { cmk: cmkJson(await registry.update(project, id, change, by)) };
  },
});

const remove = operation({
  method: "delete",
  path: cmk,
  name: "deleteCmk",
  summary: "Deletes a CMK. While data keys depend on it only with `force=true`: they can then no longer be opened.",
  role: "operator",
  body: nothing,
  query: force,
  answer: { status: 200, schema: oneCmk, description: "The CMK, deleted." },
  refusals: [400, 409, 413],
  run: async ({ registry, project, id, by }, _body, query) => ({
    cmk: cmkJson(await registry.delete(project, id, { ...by, force: query.force === "true" })),
  }),
});

const association = z
  .object({
    service_name: z.string(),
    status: z
      .enum(["active", "activating", "deactivating"])
      .openapi({ description: "`activating`: data keys are being rewrapped to this CMK; `deactivating`: away from it." }),
  })
  .openapi("ServiceAssociation");

const associations = z.object({
  service_associations: z.array(association),
  data_keys: z.int().min(0).openapi({ description: "All of them together." }),
});

const serviceAssociations = operation({
  method: "get",
  path: `${cmk}/service_associations`,
  name: "listServiceAssociations",
  summary: "Lists the services that hold data keys under a CMK, and counts those keys: deleting it makes them unreadable.",
  role: "viewer",
  body: nothing,
  query: nothing,
  answer: { status: 200, schema: associations, description: "The services, and how many data keys there are." },
  refusals: [],
  run: async ({ registry, project, id }) => {
    const found = await registry.serviceAssociations(project, id);
    const dataKeys = await registry.dataKeyCount(project, id);
    return { service_associations: found.map(({ service, status }) => ({ service_name: service, status })), data_keys: dataKeys };
  },
});

const accessCheck = operation({
  method: "post",
  path: `${cmk}/access_check`,
  name: "checkCmkAccess",
  summary: "Asks the KMS whether everything works that cmkit needs. A refusal is an answer, not an error.",
  role: "operator", // it spends KMS calls and keeps its result
  body: nothing,
  query: nothing,
  answer: { status: 200, schema: accessCheckSchema, description: "What was found, passed or not." },
  refusals: [400, 413],
  run: async ({ registry, project, id, by }) => accessCheckJson(await registry.check(project, id, by)),
});

const grants = operation({
  method: "get",
  path: `${cmk}/grants`,
  name: "listCmkGrants",
  summary: "Gives what the customer pastes to let the operator use the key.",
  role: "viewer",
  body: nothing,
  query: nothing,
  answer: { status: 200, schema: z.object({ grants: z.array(grantSchema) }), description: "One grant a tool that can make it." },
  refusals: [400],
  run: async ({ registry, project, id }) => ({ grants: (await registry.grants(project, id)).map(grantJson) }),
});

/** `accessors` before `{id}`: the first that fits wins. */
export const cmkOperations: readonly Operation[] = [
  create,
  list,
  accessors,
  get,
  update,
  remove,
  serviceAssociations,
  accessCheck,
  grants,
  ...rewrapOperations,
  retireOperation,
];
