import { z } from "@hono/zod-openapi";

import { nothing, operation, type Operation } from "./operation.ts";

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
      schema: z.object({ projects: z.array(z.object({ project_name: z.string() }).openapi("Project")) }),
      description: "The projects.",
    },
    refusals: [],
    run: async ({ registry, project }) => {
      const projects: { readonly project_name: string }[] = [];
      for await (const name of project === "*" ? registry.projects() : [project]) projects.push({ project_name: name });
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
      schema: z.object({
        user: z.object({ user: z.string(), role: z.enum(["viewer", "operator"]), project: z.string() }).openapi("User"),
      }),
      description: "The token.",
    },
    refusals: [],
    run: async ({ principal: { actor, role, project } }) => ({ user: { user: actor, role, project } }),
  }),
];
