import { Hono, type Context } from "hono";

import type { Authenticator } from "../api-tokens.ts";
import type { Registry } from "../registry.ts";
import { RegistryError } from "../registry-error.ts";
import { accountOperations } from "./account-operations.ts";
import { authenticated, checkReach } from "./authorization.ts";
import { cmkOperations } from "./cmk-operations.ts";
import { NoSuchPath, WrongMethod } from "./error-answer.ts";
import { jsonAnswer } from "./json-answer.ts";
import { jsonBody } from "./json-body.ts";
import { openApiDocument } from "./openapi-document.ts";
import type { Operation, OperationFacts } from "./operation.ts";
import { probeOperations } from "./probe-operations.ts";
import type { Visit } from "./request-entry.ts";

/** What comes with a request: its path, checked, and where to note what is learned of it. */
export interface Routing {
  readonly path: string;
  readonly visit: Visit;
}

/** Hono's way of handing such a thing to handlers. */
interface Env {
  readonly Bindings: Routing;
}

interface Route {
  readonly facts: OperationFacts;
  readonly answer: (c: Context<Env>) => Promise<unknown>;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Leads a request to its operation. Whatever goes wrong is thrown: one place makes answers of errors. */
export function registryRouter(
  registry: Registry,
  tokens: Authenticator,
): (request: Request, routing: Routing) => Promise<Response> {
  const withToken = [...cmkOperations, ...accountOperations];
  let document: object | undefined;
  const open = probeOperations(() => (document ??= openApiDocument(withToken, open)));
  const routes: readonly Route[] = [
    ...withToken.map((operation) => ({ facts: operation, answer: tokenAnswer(operation, registry, tokens) })),
    ...open.map((operation) => ({ facts: operation, answer: async () => operation.run(registry) })),
  ];
  const router = routerOf(routes);
  return async (request, routing) => router.fetch(request, routing);
}

function routerOf(routes: readonly Route[]): Hono<Env> {
  const router = new Hono<Env>({ getPath: (_request, options) => options?.env?.path ?? "" });
  for (const [path, here] of Map.groupBy(routes, ({ facts }) => facts.path)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    router.use(pattern, async (c, next) => {
      c.env.visit.route = path;
      await next();
    });
    for (const { facts, answer } of here) {
      router.on(facts.method.toUpperCase(), pattern, async (c) => jsonAnswer(facts.answer.status, await answer(c)));
    }
    const allow = here.map(({ facts }) => facts.method.toUpperCase()).join(", ");
    router.all(pattern, () => thrown(new WrongMethod(allow)));
  }
  router.notFound(() => thrown(new NoSuchPath()));
  router.onError(thrown);
  return router;
}

/** Who asks, what the token reaches, what its role permits: in this order, and all of it before the body is looked at. */
function tokenAnswer(operation: Operation, registry: Registry, tokens: Authenticator): Route["answer"] {
  return async (c) => {
    const { visit } = c.env;
    const request = c.req.raw;
    const principal = await authenticated(request.headers.get("authorization"), tokens);
    const { actor, role } = principal;
    visit.actor = actor;
    const project = c.req.param("project");
    if (project !== undefined) checkReach(principal, project);
    visit.project = project;
    if (operation.role === "operator" && role !== "operator") throw new RegistryError("forbidden");
    const id = c.req.param("id");
    if (id !== undefined && !uuid.test(id)) throw new RegistryError("not-found");
    const by = { actor, requestId: visit.requestId, signal: request.signal };
    const call = { registry, principal, project: project ?? principal.project, id: id?.toLowerCase() ?? "", by };
    return operation.run(call, { body: async () => jsonBody(request), query: c.req.queries() });
  };
}

function thrown(error: Error): never {
  throw error;
}
