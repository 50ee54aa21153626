import type { EncryptionContext } from "./ciphertext-blob.ts";
import { refusals } from "./errors.ts";

/** What a policy decides about. */
export interface PolicyRequest {
  readonly principalArn: string;
  readonly principalAccount: string;
  /** Such as `kms:Decrypt`. */
  readonly action: string;
  readonly context: EncryptionContext;
  readonly algorithm?: string;
}

/** Whether a request meets one condition. */
export type Condition = (request: PolicyRequest) => boolean;

/** Whether a value matches a pattern of `*` and `?`. */
export function wildcard(pattern: string, value: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "s").test(value);
}

const same = (expected: string, value: string): boolean => expected === value;

interface Operator {
  readonly matches: (expected: string, value: string) => boolean;
  /** Holds when no expected value matches, also when the request has no such value. */
  readonly negated: boolean;
}

const operators: Readonly<Record<string, Operator>> = {
  StringEquals: { matches: same, negated: false },
  StringNotEquals: { matches: same, negated: true },
  StringLike: { matches: wildcard, negated: false },
  StringNotLike: { matches: wildcard, negated: true },
};

const contextKeyPrefix = "kms:encryptioncontext:";

// Names of condition keys, and so the names of context pairs in them, are not case-sensitive; values are.
function requestValues(name: string, request: PolicyRequest): readonly string[] {
  const key = name.toLowerCase();
  if (key.startsWith(contextKeyPrefix)) {
    const wanted = key.slice(contextKeyPrefix.length);
    return Object.entries(request.context).flatMap(([pair, value]) => (pair.toLowerCase() === wanted ? [value] : []));
  }
  if (key === "kms:encryptioncontextkeys") return Object.keys(request.context);
  if (key === "kms:encryptionalgorithm") return request.algorithm === undefined ? [] : [request.algorithm];
  if (key === "kms:calleraccount" || key === "aws:principalaccount") return [request.principalAccount];
  return key === "aws:principalarn" ? [request.principalArn] : [];
}

/**
 * Reads one condition of a statement.
 *
 * @throws {ServiceRefusal} `MalformedPolicyDocumentException` for an operator that is not emulated.
 */
export function parseCondition(operatorName: string, key: string, expected: readonly string[]): Condition {
  const [set, name] = operatorName.includes(":") ? operatorName.split(":", 2) : [undefined, operatorName];
  if (name === "Null" && set === undefined)
    return (request) => (requestValues(key, request).length === 0) === expected.includes("true");
  const operator = operators[name ?? ""];
  if (operator === undefined || (set !== undefined && set !== "ForAllValues" && set !== "ForAnyValue")) {
    throw refusals.policy(`Condition: ${operatorName} is not emulated`);
  }
  const holds = (value: string): boolean => expected.some((item) => operator.matches(item, value)) !== operator.negated;
  return (request) => {
    const values = requestValues(key, request);
    if (set === "ForAllValues") return values.every(holds);
    return values.length === 0 ? operator.negated && set === undefined : values.some(holds);
  };
}
