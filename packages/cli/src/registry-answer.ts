import { readBounded } from "./bounded-read.ts";
import { CliError } from "./cli-error.ts";
import { printable } from "./printable.ts";
import { operatorWords, nextStep, type RegistryWay } from "./registry-advice.ts";
import { NoAnswer } from "./registry-network.ts";
import { listAt, matchAt, objectAt, textAt } from "./registry-wire.ts";

// Ten thousand keys, each with its last check, take a third of it.
const maxAnswerBytes = 16 * 1024 * 1024;
const maxMessage = 2000;

/**
 * The JSON of an answer.
 *
 * @param reason Why it refuses, where the operator may know more than the answer says.
 * @throws {CliError} `refused`: for every status but 2xx, in the server's words and with what to do; and for what is not JSON,
 * larger than 16 MiB, or no answer of a registry.
 */
export async function registryAnswer(response: Response, way: RegistryWay, reason?: string): Promise<unknown> {
  const { status } = response;
  if (status >= 300 && status < 400) {
    await response.body?.cancel();
    throw new CliError(
      "refused",
      `${way.name} answers with a redirect, which is not followed.`,
      "Give the URL that it leads to with --url.",
    );
  }
  const answer = await jsonOf(response);
  if (status >= 200 && status < 300 && answer !== undefined) return answer;
  throw refusal(status, problemIn(answer), way, reason);
}

/** A refusal of a registry, or of what stands before it. */
class RegistryRefusal extends CliError {
  readonly status: number;
  /** As in the answer's `error_code`; undefined where it is no registry's. */
  readonly answered: string | undefined;
  readonly what: string;

  constructor({ status, answered }: Pick<RegistryRefusal, "status" | "answered">, what: string, next: string) {
    super("refused", what, next);
    this.status = status;
    this.answered = answered;
    this.what = what;
  }
}

/** Load balancers answer with these where no server does; a registry with 503 where its store or the KMS does not answer. */
const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Whether the same request may be answered later, unchanged. */
export function mayPass(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof RegistryRefusal && passingStatuses.has(error.status));
}

/** The same refusal with what a command knows to do about its code, where it does. */
export function advisedBy(error: unknown, advice: Readonly<Partial<Record<string, string>>>): unknown {
  const next = error instanceof RegistryRefusal && error.answered !== undefined ? advice[error.answered] : undefined;
  return error instanceof RegistryRefusal && next !== undefined ? new RegistryRefusal(error, error.what, next) : error;
}

/** Whether a registry says that there is no such key. */
export function isNotFound(error: unknown): boolean {
  return error instanceof RegistryRefusal && error.answered === "not-found";
}

/** An answer that is not of the shape that a registry's has. */
export function unexpectedAnswer(way: RegistryWay, reason: string): CliError {
  return new CliError(
    "refused",
    `${way.name} does not answer as a registry does: ${printable(reason)}.`,
    nextStep(undefined, 0, way),
  );
}

/** undefined: it is not JSON. @throws {CliError} `refused`: it is too large. */
async function jsonOf({ headers, body, status }: Response): Promise<unknown> {
  const bytes = body === null ? new Uint8Array() : await readBounded(body, maxAnswerBytes);
  if (bytes === undefined)
    throw new CliError(
      "refused",
      `The answer, with status ${status}, is larger than 16 MiB.`,
      "Ask for less, with --project or --status.",
    );
  if (!/^application\/json\b/.test(headers.get("content-type") ?? "")) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
}

/** undefined: it is no error of a registry. */
function problemIn(answer: unknown): Problem | undefined {
  try {
    const { message, errors } = objectAt(answer, "answer");
    const [first] = listAt(errors, "errors", objectAt);
    const code = matchAt(first?.["error_code"], "error_code", /^[a-z][a-z-]{0,63}$/, "a code");
    return { code, message: textAt(message, "message", maxMessage) };
  } catch {
    return undefined;
  }
}

function refusal(status: number, problem: Problem | undefined, way: RegistryWay, reason: string | undefined): CliError {
  const next = nextStep(problem?.code, status, way);
  if (problem === undefined)
    return new RegistryRefusal(
      { status, answered: undefined },
      `${way.name} answers with status ${status}, but not as a registry does.`,
      next,
    );
  const ours = way.kind === "store" ? operatorWords[problem.code] : undefined;
  const said = printable(reason ?? ours ?? problem.message).replace(/\.$/, "");
  return new RegistryRefusal({ status, answered: problem.code }, `${said} (${problem.code}).`, next);
}
