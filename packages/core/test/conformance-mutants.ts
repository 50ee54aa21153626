import { answerMutants } from "./conformance-mutants-answer.ts";
import { argumentMutants, callMutants } from "./conformance-mutants-call.ts";
import { ciphertextMutants, contextMutants } from "./conformance-mutants-ciphertext.ts";
import { publicKeyMutants, stateMutants } from "./conformance-mutants-key.ts";
import type { Mutant } from "./conformance-mutant.ts";

/** One adapter for each way to be wrong: together they make every case of the suite fail. */
export const mutants: readonly Mutant[] = [
  ...contextMutants,
  ...ciphertextMutants,
  ...answerMutants,
  ...stateMutants,
  ...callMutants,
  ...publicKeyMutants,
  ...argumentMutants,
];

/** What core does by itself, whatever the adapter: no adapter can break it. */
export const ofCoreAlone: readonly string[] = [
  "refuses to wrap anything but 32 bytes",
  "refuses a context outside the limits",
  "refuses a malformed wrap without a request",
  "refuses a deadline that is none",
  "refuses a wrap without its leading zero",
  "sends nothing for a caller who has gone already",
];
