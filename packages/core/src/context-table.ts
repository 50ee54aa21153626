import { bindContext, type BoundContext, type Context } from "./context.ts";

const maxContexts = 10_000;

/** Contexts that were checked and hashed already: the hot path neither checks nor hashes one again. */
export class ContextTable {
  private readonly byTenant = new Map<string, BoundContext>();
  private readonly byEntries = new Map<string, BoundContext>();

  /** @param further The entries beside `tenant`. @throws {TypeError} outside the limits of a context. */
  bind(tenant: string, further?: Readonly<Record<string, string>>): BoundContext {
    if (further === undefined) return this.byTenant.get(tenant) ?? keep(this.byTenant, tenant, bindContext({ tenant }));
    if (Object.hasOwn(further, "tenant")) throw new TypeError("expected context without tenant: the tenant is given beside it");
    const context: Context = { ...further, tenant };
    if (Object.values(context).some((value: unknown) => typeof value !== "string")) bindContext(context); // throws, and says which
    const key = JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)));
    return this.byEntries.get(key) ?? keep(this.byEntries, key, bindContext(context));
  }
}

function keep(table: Map<string, BoundContext>, key: string, context: BoundContext): BoundContext {
  const oldest = table.size >= maxContexts ? table.keys().next().value : undefined;
  if (oldest !== undefined) table.delete(oldest);
  table.set(key, context);
  return context;
}
