import { KmsError } from "../src/kms-error.ts";
import { mutant, drivers, generate, unwraps, succeeded, type Mutant } from "./conformance-mutant.ts";

function padded(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes, new Uint8Array(32)]).subarray(0, 32));
}

export const answerMutants: readonly Mutant[] = [
  mutant(
    "names another key",
    "symmetric",
    "unwraps what it wrapped",
    /names another key/,
    unwraps((driver) => async (request, call) => ({ ...(await driver.unwrap(request, call)), answeredBy: "scripted:aes-2" })),
  ),
  ...(["unwrap", "wrap"] as const).map((operation) =>
    mutant(
      `says that the asked key made ${operation === "unwrap" ? "an unwrap" : "a wrap"}, whoever did`,
      "symmetric",
      `refuses ${operation === "unwrap" ? "an unwrap" : "a wrap"} in the name of another key`,
      succeeded,
      drivers((driver) => ({
        wrap: async (request, call) => ({ ...(await driver.wrap(request, call)), answeredBy: driver.resource }),
        unwrap: async (request, call) => ({ ...(await driver.unwrap(request, call)), answeredBy: driver.resource }),
      })),
    ),
  ),
  mutant(
    "says that the asked key was described, whichever was",
    "rsa",
    "refuses a description in the name of another key",
    succeeded,
    drivers((driver) => ({
      describe: async (version, call) => ({ ...(await driver.describe(version, call)), resource: driver.resource }),
    })),
  ),
  mutant(
    "says that the asked key has the public key, whoever has",
    "rsa",
    "refuses a public key in the name of another key",
    succeeded,
    drivers((driver) => ({
      publicKey: async (version, call) => ({ ...(await driver.publicKey(version, call)), answeredBy: driver.resource }),
    })),
  ),
  mutant(
    "says that the asked key made a data key, whoever did",
    "symmetric",
    "refuses a data key in the name of another key",
    succeeded,
    drivers((driver) => ({
      generateDataKey: async (context, call) => ({ ...(await generate(driver, context, call)), answeredBy: driver.resource }),
    })),
  ),
  mutant(
    "pads what it unwrapped",
    "symmetric",
    "refuses an unwrapped key of another length",
    succeeded,
    unwraps((driver) => async (request, call) => {
      const answer = await driver.unwrap(request, call);
      return { ...answer, plaintext: padded(answer.plaintext) };
    }),
  ),
  mutant(
    "pads the data keys that it generates",
    "symmetric",
    "refuses a generated data key of another length",
    succeeded,
    drivers((driver) => ({
      async generateDataKey(context, call) {
        const answer = await generate(driver, context, call);
        return { ...answer, plaintext: padded(answer.plaintext) };
      },
    })),
  ),
  ...["does not take a web page for an answer", "does not take an empty body for an answer"].map((fails) =>
    mutant(
      "takes what it cannot read for an empty answer",
      "symmetric",
      fails,
      succeeded,
      unwraps(
        (driver) => async (request, call) =>
          driver.unwrap(request, call).catch((error: unknown) => {
            if (!(error instanceof SyntaxError)) throw error;
            return { answeredBy: null, keyVersion: null, plaintext: new Uint8Array(32) };
          }),
      ),
    ),
  ),
  mutant(
    "passes on the cloud's words",
    "rsa",
    "keeps the cloud's own words out of errors",
    /shows the cloud's text/,
    (adapter) => ({
      ...adapter,
      classify: (error, operation) => ({ ...adapter.classify(error, operation), detail: String(error) }),
    }),
  ),
  mutant(
    "shows the key in its error",
    "symmetric",
    "says that a key does not exist",
    /the error key-not-found shows a key/,
    drivers((driver) => ({
      wrap: async (request, call) =>
        driver.wrap(request, call).catch(() => {
          const detail = `could not wrap ${Buffer.from(request.plaintext).toString("base64url")}`;
          throw new KmsError("key-not-found", { detail });
        }),
      describe: async (version, call) =>
        driver.resource === "scripted:missing"
          ? { ...(await knownAnswer), resource: driver.resource }
          : driver.describe(version, call),
    })),
  ),
];

const knownAnswer = Promise.resolve({
  kind: "symmetric",
  bits: 256,
  state: "enabled",
  keyVersion: "1",
  protection: "software",
  origin: "kms",
  emulated: true,
} as const);
