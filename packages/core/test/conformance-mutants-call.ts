import type { DriverUnwrap, DriverWrap } from "../src/driver.ts";
import { mutant, drivers, unwraps, classifies, differs, type Mutant } from "./conformance-mutant.ts";

const neverAborts = new AbortController().signal;

export const callMutants: readonly Mutant[] = [
  ...["lets go at once when the caller aborts", "ends at the deadline when the service hangs"].map((fails) =>
    mutant(
      "does not cancel its requests",
      "symmetric",
      fails,
      /went on after/,
      unwraps((driver) => async (request, call) => driver.unwrap(request, { ...call, signal: neverAborts })),
    ),
  ),
  ...["rides out throttling", "rides out a short outage"].map((fails) =>
    mutant("has no words for load", "symmetric", fails, /not known/, (adapter) =>
      classifies("throttled", "unknown")(classifies("unavailable", "unknown")(adapter)),
    ),
  ),
  mutant(
    "retries by itself",
    "symmetric",
    "gives up when throttling goes on, after as many requests as core sends",
    /retries by itself/,
    unwraps((driver) => async (request, call) => driver.unwrap(request, call).catch(async () => driver.unwrap(request, call))),
  ),
  mutant(
    "asks for the key's state before it unwraps",
    "rsa",
    "unwraps in exactly one request",
    differs,
    unwraps((driver) => async (request, call) => {
      await driver.describe(null, call);
      return driver.unwrap(request, call);
    }),
  ),
  mutant(
    "wipes the key that it was lent",
    "symmetric",
    "leaves the key that it wraps and the wrap that it unwraps unchanged",
    differs,
    drivers((driver) => ({
      async wrap(request, call) {
        const answer = await driver.wrap(request, call);
        request.plaintext.fill(0);
        return answer;
      },
    })),
  ),
  mutant(
    "keeps what it unwrapped",
    "symmetric",
    "hands out plain bytes of the caller's own",
    differs,
    (() => {
      const answers = new Map<string, Promise<DriverUnwrap>>();
      return unwraps((driver) => async (request, call) => {
        const key = Buffer.from(request.bytes).toString("hex");
        const answer = answers.get(key) ?? driver.unwrap(request, call);
        answers.set(key, answer);
        return answer;
      });
    })(),
  ),
  mutant(
    "makes the same wrap of the same key",
    "symmetric",
    "makes another wrap of the same key each time",
    differs,
    (() => {
      const answers = new Map<string, Promise<DriverWrap>>();
      return drivers((driver) => ({
        async wrap(request, call) {
          const key = Buffer.from(request.plaintext).toString("hex");
          const answer = answers.get(key) ?? driver.wrap(request, call);
          answers.set(key, answer);
          return answer;
        },
      }));
    })(),
  ),
  mutant(
    "generates the same data key again",
    "symmetric",
    "generates a data key and unwraps it again",
    differs,
    drivers((driver) => ({
      async generateDataKey(context, call) {
        const plaintext = new Uint8Array(32);
        return { ...(await driver.wrap({ plaintext, context, keyVersion: null }, call)), plaintext };
      },
    })),
  ),
  mutant(
    "opens only what this process wrapped",
    "symmetric",
    "unwraps in another process, and without the recorded kind",
    /wrong|of a kind/,
    unwraps((driver) => async (request, call) => driver.unwrap({ ...request, kind: "rsa" }, call)),
  ),
];

export const argumentMutants: readonly Mutant[] = [
  mutant("trims resources", "rsa", "refuses a resource outside the grammar at once", /KmsError/, (adapter) => ({
    ...adapter,
    open: (resource) => adapter.open(resource.trim()),
  })),
  mutant(
    "resolves every name first",
    "symmetric",
    "opens a key under its canonical name",
    differs,
    drivers(() => ({ resolved: false })),
  ),
  mutant(
    "takes one key for a version of another",
    "symmetric",
    "opens a key under its canonical name",
    differs,
    drivers(({ resource }) => ({ keyResource: resource.endsWith("-2") ? resource.slice(0, -2) : `${resource}-2` })),
  ),
  mutant(
    "finds a key version anywhere in the text",
    "symmetric",
    "refuses a key version outside the grammar without a request",
    /expected malformed|succeeded/,
    (adapter) => ({ ...adapter, keyVersionGrammar: /[1-9][0-9]{0,5}/ }),
  ),
  mutant("closes once only", "symmetric", "closes twice without complaint", /closed already/, (adapter) => {
    let closed = false;
    return {
      ...adapter,
      close() {
        if (closed) throw new Error("closed already");
        closed = true;
      },
    };
  }),
];
