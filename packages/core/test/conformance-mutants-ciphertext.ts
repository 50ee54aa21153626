import { bindContext, type BoundContext } from "../src/context.ts";
import { mutant, drivers, inContext, repairing, unwraps, startsWith, succeeded, type Mutant } from "./conformance-mutant.ts";

const fixed = bindContext({ tenant: "fixed" });
const tenantOnly = ({ entries }: BoundContext): BoundContext => bindContext({ tenant: entries.tenant });
const normalised = ({ entries }: BoundContext): BoundContext => bindContext({ ...entries, tenant: entries.tenant.normalize() });

export const contextMutants: readonly Mutant[] = [
  mutant(
    "ignores the context",
    "symmetric",
    "refuses another context",
    succeeded,
    inContext(() => fixed),
  ),
  mutant("binds the tenant alone", "symmetric", "refuses a context with an entry more or less", succeeded, inContext(tenantOnly)),
  mutant("normalises contexts", "symmetric", "refuses a context that only looks the same", succeeded, inContext(normalised)),
  mutant(
    "depends on the order of entries",
    "symmetric",
    "takes the largest context, in any order of its entries",
    /decryption failed/,
    inContext(({ entries }) => bindContext({ tenant: Object.keys(entries).join("-").slice(0, 256) })),
  ),
  mutant(
    "mixes up callers",
    "symmetric",
    "serves fifty callers at once, each its own",
    /decryption failed/,
    (() => {
      let last = fixed;
      return drivers((driver) => ({
        async unwrap(request, call) {
          last = request.context;
          await Promise.resolve();
          return driver.unwrap({ ...request, context: last }, call);
        },
      }));
    })(),
  ),
];

export const ciphertextMutants: readonly Mutant[] = [
  mutant(
    "accepts a truncated tag",
    "symmetric",
    "refuses a wrap cut off anywhere",
    /^\d\d bytes: .*succeeded/,
    repairing((bytes, known) => startsWith(known, bytes) && known.length - bytes.length <= 12),
  ),
  mutant(
    "does not authenticate a byte",
    "symmetric",
    "refuses a wrap with one bit changed, whichever byte it is in",
    /byte 7: .*succeeded/,
    repairing((bytes, known) => bytes.length === known.length && bytes.every((byte, at) => at === 7 || byte === known[at])),
  ),
  mutant(
    "ignores what follows a wrap",
    "symmetric",
    "refuses a wrap with something before or behind it",
    /1 bytes behind: .*succeeded/,
    repairing(startsWith),
  ),
  mutant(
    "answers zeros to what it cannot open",
    "symmetric",
    "refuses bytes that no key wrapped",
    /1 random bytes: .*succeeded/,
    unwraps(
      (driver) => async (request, call) =>
        driver
          .unwrap(request, call)
          .catch(() => ({ answeredBy: driver.resource, keyVersion: null, plaintext: new Uint8Array(32) })),
    ),
  ),
  mutant(
    "tries other keys as well",
    "rsa",
    "refuses a wrap of another key under this key's name",
    succeeded,
    unwraps(
      (driver, adapter) => async (request, call) =>
        driver.unwrap(request, call).catch(async () => ({
          ...(await adapter.open("scripted:rsa-2").unwrap(request, call)),
          answeredBy: driver.resource,
        })),
    ),
  ),
];
