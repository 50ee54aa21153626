import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { DriverCall, DriverOperation, KmsAdapter, KmsDriver } from "../src/driver.ts";
import { KmsError, type KmsErrorCode } from "../src/kms-error.ts";
import { local, type LocalKey } from "../src/local.ts";

/** One request that reached the KMS. */
export interface KmsCall {
  readonly operation: DriverOperation;
  readonly resource: string;
  readonly tenant: string | undefined;
  readonly signal: AbortSignal;
}

/** What happens to a request: nothing, a refusal, or a wait for something else. */
export type KmsScript = (call: KmsCall) => KmsErrorCode | undefined | Promise<KmsErrorCode | undefined>;

/** Changes what `unwrap` and `generateDataKey` answer. */
export type AnswerScript = (plaintext: Uint8Array, call: KmsCall) => Uint8Array;

const aes = (): LocalKey => ({ aes256: new Uint8Array(randomBytes(32)) });
const aesKeys = { a: aes(), b: aes(), c: aes() };
let rsaKey: LocalKey | undefined;
const rsa = (): LocalKey => (rsaKey ??= { rsaPrivateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey });

/** A KMS whose answers a test writes, over local keys that are the same in each of them: `local:a`, `local:b`, `local:c` (AES) and `local:rsa`. */
export class ScriptedKms {
  readonly calls: KmsCall[] = [];
  script: KmsScript = () => undefined;
  answer: AnswerScript = (plaintext) => plaintext;
  private readonly keys = { ...aesKeys, rsa: rsa() };

  /** How many requests of these operations there were; of all but `describe` without an argument. */
  count(...operations: readonly DriverOperation[]): number {
    const wanted = (operation: DriverOperation): boolean =>
      operations.length === 0 ? operation !== "describe" : operations.includes(operation);
    return this.calls.filter(({ operation }) => wanted(operation)).length;
  }

  /** From now on every request is refused with `code`, or those to one key. */
  refuse(code: KmsErrorCode, resource?: string): void {
    this.script = (call) => (resource === undefined || call.resource === resource ? code : undefined);
  }

  /** From now on no request is answered, or none to one key. */
  hang(resource?: string): void {
    this.script = async (call) => (resource === undefined || call.resource === resource ? until(call.signal) : undefined);
  }

  obey(): void {
    this.script = () => undefined;
  }

  adapter(): KmsAdapter {
    const adapter = local({ keys: this.keys });
    return { ...adapter, open: (resource) => this.driver(adapter.open(resource)), classify: () => ({ code: "unknown" }) };
  }

  private driver(driver: KmsDriver): KmsDriver {
    const ask = async <T>(
      operation: DriverOperation,
      tenant: string | undefined,
      { signal }: DriverCall,
      run: (call: KmsCall) => Promise<T>,
    ): Promise<T> => {
      const call = { operation, resource: driver.resource, tenant, signal };
      this.calls.push(call);
      const code = await this.script(call);
      if (code !== undefined) throw new KmsError(code, { provider: "local" });
      return run(call);
    };
    return {
      ...driver,
      describe: async (version, call) => ask("describe", undefined, call, async () => driver.describe(version, call)),
      publicKey: async (version, call) => ask("publicKey", undefined, call, async () => driver.publicKey(version, call)),
      wrap: async (request, call) => ask("wrap", request.context.entries.tenant, call, async () => driver.wrap(request, call)),
      unwrap: async (request, call) =>
        ask("unwrap", request.context.entries.tenant, call, async (asked) => {
          const answer = await driver.unwrap(request, call);
          return { ...answer, plaintext: this.answer(answer.plaintext, asked) };
        }),
      generateDataKey: async (context, call) =>
        ask("generateDataKey", context.entries.tenant, call, async (asked) => {
          const plaintext = new Uint8Array(randomBytes(32));
          const wrap = await driver.wrap({ plaintext, context, keyVersion: null }, call);
          return { ...wrap, plaintext: this.answer(plaintext, asked) };
        }),
    };
  }
}

async function until(signal: AbortSignal): Promise<undefined> {
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
