import { randomBytes } from "node:crypto";

import type { Change, FaultWords } from "../fault-effects.ts";
import type { Answers } from "./answers.ts";
import { deniedBy } from "./authorization.ts";
import type { VaultCall } from "./call.ts";
import { refusals, ServiceRefusal } from "./errors.ts";
import { rotate, setEnabled, type VaultKey } from "./vault-key.ts";

/** The same version under another key's name; a name that comes with a version of its own is taken whole. */
function renamedId(kid: string, other: string | undefined): string {
  const [, origin = "", version] = /^(.*)\/keys\/[^/]+(\/[^/]+)?$/.exec(kid) ?? [];
  const key = other ?? `${origin}/keys/other-${randomBytes(4).toString("hex")}`;
  return /\/keys\/[^/]+\/[^/]+$/.test(key) ? key : `${key}${version ?? ""}`;
}

// Plaintexts and ciphertexts have one name here.
function replaced({ value }: Readonly<Record<string, unknown>>, change: Change): object {
  return typeof value === "string" ? { value: change(Buffer.from(value, "base64url")).toString("base64url") } : {};
}

/** What faults say in the words of Key Vault. */
export function faultWords(answers: Answers, call: VaultCall, key: VaultKey | undefined): FaultWords {
  return {
    throttled(retryAfterSeconds) {
      const answer = answers.refused(refusals.throttled());
      if (retryAfterSeconds === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
    },
    refused: (name, message, status) => answers.refused(new ServiceRefusal(status ?? 400, name, message)),
    failed: (status) => answers.refused(new ServiceRefusal(status ?? 500, "InternalServerError", "An internal error occurred.")),
    denied: () => answers.refused(deniedBy({ ...call, key: call.name })),
    disable() {
      if (key !== undefined) setEnabled(key, false, call.nowMs);
    },
    rotate() {
      if (key !== undefined) rotate(key, call.nowMs);
    },
    renamed({ kid, key: bundled }, other) {
      // At the top of an answer, or in a bundle.
      if (typeof kid === "string") return { kid: renamedId(kid, other) };
      if (typeof bundled !== "object" || bundled === null || !("kid" in bundled)) return {};
      return { key: { ...bundled, kid: renamedId(String(bundled.kid), other) } };
    },
    replacedPlaintext: (members, change) =>
      call.operation === "Decrypt" || call.operation === "UnwrapKey" ? replaced(members, change) : {},
    replacedCiphertext: (members, change) =>
      call.operation === "Encrypt" || call.operation === "WrapKey" ? replaced(members, change) : {},
  };
}
