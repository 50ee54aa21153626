import { isKmsError, type Envelope } from "@cmkit/core";
import { and, eq, type SQL } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import { customerFields, customers, sameEmail } from "./schema.ts";
/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 hands their rejections to the error handler */

export function customerApp(db: NodePgDatabase, envelope: Envelope, tokens: ReadonlyMap<string, string>): Express {
  const pii = customerFields(envelope);
  const app = express().use(express.json());
  // Stands in for your sign-in: a tenant comes out of what was authenticated, never out of what callers may write as they like.
  const signedIn = (request: Request) => {
    const tenant = tokens.get(request.get("authorization")?.replace(/^Bearer /, "") ?? "");
    if (tenant === undefined) throw refusal(401);
    const all = db.select().from(customers).orderBy(customers.id).limit(50).$dynamic();
    const rows = async (which?: SQL) => all.where(and(eq(customers.tenant, tenant), which));
    return { tenant, mine: pii.for(tenant), rows };
  };

  app.post("/customers", async (request, response) => {
    const { tenant, mine } = signedIn(request);
    // Values are bound to their row, so its id must be known before they are encrypted: the database cannot be left to make it.
    const row = { id: randomUUID(), tenant, ...customerFrom(request.body) };
    await db.insert(customers).values(await mine.encrypt(row));
    response.status(201).json({ id: row.id });
  });
  app.get("/customers", async (request, response) => {
    const { mine, rows } = signedIn(request);
    response.json(await mine.decryptMany(await rows(), { mask: true }));
  });
  app.get("/customers/:id", async (request, response) => {
    const { mine, rows } = signedIn(request);
    const { id } = request.params;
    const [row] = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id) ? await rows(eq(customers.id, id)) : [];
    if (row === undefined) throw refusal(404);
    response.json(await mine.decrypt(row));
  });
  // Not a GET: an address with an e-mail in it would end up in logs.
  app.post("/customers/search", async (request, response) => {
    const { mine, rows } = signedIn(request);
    const email = textFrom(request.body?.email);
    const candidates = await mine.decryptMany(await rows(eq(customers.emailIndex, await mine.index("email", email))));
    response.json(candidates.filter((customer) => sameEmail(customer.email) === sameEmail(email)));
  });
  return app.use(answerError);
}

function customerFrom(body: unknown) {
  const { email, phone = null, born = null }: Record<string, unknown> = Object(body);
  const date = born === null ? null : new Date(textFrom(born));
  if (Number.isNaN(date?.getTime())) throw refusal(400);
  return { email: textFrom(email), phone: phone === null ? null : textFrom(phone), born: date };
}

function textFrom(value: unknown): string {
  if (typeof value === "string" && value !== "" && value.isWellFormed()) return value;
  throw refusal(400);
}

const refusal = (status: number): Error => Object.assign(new Error(STATUS_CODES[status]), { status });

// A KmsError names field and row, never a value. Messages of other errors stay here: a JSON parser's quotes the body.
const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
  const { httpStatus: status, code, message } = isKmsError(error) ? error : { httpStatus: error.status ?? 500 };
  if (status >= 500) console.error(error);
  response.status(status).json({ error: code ?? STATUS_CODES[status], message });
};
