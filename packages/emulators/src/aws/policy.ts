import { refusals } from "./errors.ts";
import { type Condition, parseCondition, type PolicyRequest, wildcard } from "./policy-condition.ts";

/** What a statement, or a whole policy, says about a request. */
export type PolicyDecision = "allow" | "deny" | "silent";

interface Statement {
  readonly effect: "allow" | "deny";
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly conditions: readonly Condition[];
}

/** A policy that was read; `document` is its text as given. */
export interface KeyPolicy {
  readonly document: string;
  readonly statements: readonly Statement[];
}

function strings(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== "string") throw refusals.policy(`${what}: expected a string or an array of strings`);
    return item;
  });
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refusals.policy(`${what}: expected an object`);
  return value as Readonly<Record<string, unknown>>;
}

function parseStatement(value: unknown): Statement {
  const {
    Sid: _sid,
    Effect: effect,
    Principal: principal,
    Action: action,
    Resource: _resource,
    Condition: condition,
    ...rest
  } = record(value, "Statement");
  const [unknownField] = Object.keys(rest);
  if (unknownField !== undefined) throw refusals.policy(`Statement: ${unknownField} is not emulated`);
  if (effect !== "Allow" && effect !== "Deny") throw refusals.policy("Effect: expected Allow or Deny");
  const named = principal === "*" ? "*" : (record(principal, "Principal")["AWS"] ?? []);
  return {
    effect: effect === "Allow" ? "allow" : "deny",
    principals: strings(named, "Principal"),
    actions: strings(action, "Action").map((pattern) => pattern.toLowerCase()),
    conditions: Object.entries(record(condition ?? {}, "Condition")).flatMap(([operator, keys]) =>
      Object.entries(record(keys, operator)).map(([key, expected]) => parseCondition(operator, key, strings(expected, key))),
    ),
  };
}

/**
 * Reads a key policy.
 *
 * @throws {ServiceRefusal} `MalformedPolicyDocumentException`, also for what is not emulated: a rule is never skipped.
 */
export function parsePolicy(document: string): KeyPolicy {
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    throw refusals.policy("The policy is not valid JSON");
  }
  const { Statement: statement } = record(parsed, "Policy");
  const list: readonly unknown[] = Array.isArray(statement) ? statement : [statement];
  return { document, statements: list.map((item) => parseStatement(item)) };
}

// A role's session is named by sts; policies name the role.
function namesOf(request: PolicyRequest): ReadonlySet<string> {
  const [, account, role] = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(request.principalArn) ?? [];
  const names = ["*", request.principalArn, request.principalAccount, `arn:aws:iam::${request.principalAccount}:root`];
  return new Set(role === undefined ? names : [...names, `arn:aws:iam::${account}:role/${role}`]);
}

/** What the policy says; a deny outweighs every allow. The caller's own IAM policies are taken to allow everything. */
export function decide(policy: KeyPolicy, request: PolicyRequest): PolicyDecision {
  const names = namesOf(request);
  const action = request.action.toLowerCase();
  const effects = new Set(
    policy.statements
      .filter(
        (statement) =>
          statement.principals.some((principal) => names.has(principal)) &&
          statement.actions.some((pattern) => wildcard(pattern, action)) &&
          statement.conditions.every((holds) => holds(request)),
      )
      .map(({ effect }) => effect),
  );
  if (effects.has("deny")) return "deny";
  return effects.has("allow") ? "allow" : "silent";
}

/** The policy the service gives a new key: the account decides, through IAM. An AWS managed key can only be looked at. */
export function defaultPolicy(account: string, keyManager: "CUSTOMER" | "AWS"): KeyPolicy {
  const action = keyManager === "CUSTOMER" ? "kms:*" : ["kms:Describe*", "kms:Get*", "kms:List*"];
  const root = { AWS: `arn:aws:iam::${account}:root` };
  const statement = { Sid: "Enable IAM User Permissions", Effect: "Allow", Principal: root, Action: action, Resource: "*" };
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
}

/** A denial added by hand; what is left out matches everything. */
export interface Denial {
  /** An operation (`Decrypt`) or an action pattern (`kms:GenerateDataKey*`). */
  readonly action?: string;
  /** The principal's ARN, or its account. */
  readonly principal?: string;
  /** Pairs that the encryption context must hold, all of them. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Whether a denial meets a request. */
export function denialMatches(denial: Denial, request: PolicyRequest): boolean {
  const pattern = denial.action === undefined || denial.action.includes(":") ? denial.action : `kms:${denial.action}`;
  if (pattern !== undefined && !wildcard(pattern.toLowerCase(), request.action.toLowerCase())) return false;
  if (denial.principal !== undefined && !namesOf(request).has(denial.principal)) return false;
  return Object.entries(denial.context ?? {}).every(([name, value]) => request.context[name] === value);
}
