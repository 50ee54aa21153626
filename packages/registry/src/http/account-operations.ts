import { z } from "@hono/zod-openapi";

import type { Principal } from "../api-tokens.ts";
import { nothing, operation, type Operation } from "./operation.ts";

// Beside what means something here are the columns without which Aiven's command cannot print its tables.
const project = z.object({ project_name: z.string(), default_cloud: z.string() }).openapi("Project");
const user = z
  .object({
    user: z.string().openapi({ description: "The token's id, as in the audit log.", example: "token:0123456789abcdef" }),
    role: z.enum(["viewer", "operator"]),
    projects: z.array(z.string()).openapi({ description: "The project that it reaches, or `*` for all." }),
    real_name: z.string(),
    state: z.enum(["active"]),
    auth: z.array(z.enum(["token"])),
    token_validity_begin: z.null(),
  })
  .openapi("User");

function projectJson(name: string): z.infer<typeof project> {
  return { project_name: name, default_cloud: "" };
}

function userJson({ actor, role, project: reached }: Principal): z.infer<typeof user> {
  const columns = { real_name: "", state: "active", token_validity_begin: null } as const;
  return { user: actor, role, projects: [reached], auth: ["token"], ...columns };
}

/** What Aiven's command asks for when it is told a token: whose it is, and which projects it reaches. */
export const accountOperations: readonly Operation[] = [
  operation({
    method: "get",
    path: "/v1/project",
    name: "listProjects",
    summary: "Lists the projects that the token reaches; for a token for all of them, those that have registered a CMK.",
    role: "viewer",
    body: nothing,
    query: nothing,
    answer: {
      status: 200,
      schema: z.object({ projects: z.array(project) }),
      description: "The projects.",
    },
    refusals: [],
    run: async ({ registry, project }) => {
      const projects: ReturnType<typeof projectJson>[] = [];
      for await (const name of project === "*" ? registry.projects() : [project]) projects.push(projectJson(name));
      return { projects };
    },
  }),
  operation({
    method: "get",
    path: "/v1/me",
    name: "getUser",
    summary: "Says whose token it is and what it permits.",
    role: "viewer",
    body: nothing,
    query: nothing,
    answer: {
      status: 200,
      schema: z.object({ user }),
      description: "The token.",
    },
    refusals: [],
    run: async ({ principal }) => ({ user: userJson(principal) }),
  }),
];
