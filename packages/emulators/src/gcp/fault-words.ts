import { randomBytes } from "node:crypto";

import type { Change, FaultWords } from "../fault-effects.ts";
import { failure } from "./answer.ts";
import type { KmsCall } from "./call.ts";
import { crc32c } from "./crc32c.ts";
import { rotate } from "./crypto-key.ts";
import { formatDuration } from "./duration.ts";
import type { Message } from "./message-shape.ts";
import { permissionOf } from "./permission.ts";
import { keyNameOf } from "./resource-name.ts";
import { detailType, refusals, rpcCode, RpcRefusal } from "./rpc-error.ts";

const quotaMessage =
  "Quota exceeded for quota metric 'Cryptographic requests' and limit 'Cryptographic requests per minute' of service 'cloudkms.googleapis.com'.";

function throttled(retryAfterSeconds: number | undefined): RpcRefusal {
  const retryInfo = (seconds: number): { readonly "@type": string; readonly retryDelay: string } => ({
    "@type": detailType("RetryInfo"),
    retryDelay: formatDuration(seconds * 1000),
  });
  return new RpcRefusal(
    "RESOURCE_EXHAUSTED",
    quotaMessage,
    retryAfterSeconds === undefined ? [] : [retryInfo(retryAfterSeconds)],
  );
}

/** What changes where a member, or one of a list, names a key or a version: the key, not the number of the version. */
function renamedMembers(members: Message, keyName: string): object {
  const rename = (name: string): string => {
    const suffix = keyName.includes("/cryptoKeyVersions/") ? "" : name.slice(keyNameOf(name).length);
    return `${keyName}${suffix}`;
  };
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([member, item]) => [
        member,
        member === "name" && typeof item === "string" ? rename(item) : change(item),
      ]),
    );
  };
  return change(members) as object;
}

function replaced(member: "plaintext" | "ciphertext", given: unknown, change: Change): object {
  if (typeof given !== "string") return {};
  const bytes = change(Buffer.from(given, "base64"));
  return { [member]: bytes.toString("base64"), [`${member}Crc32c`]: String(crc32c(bytes)) };
}

/** What faults say in the words of Cloud KMS. */
export function faultWords(call: KmsCall, resource: string): FaultWords {
  const key = call.store.get(resource);
  return {
    throttled(retryAfterSeconds) {
      const answer = failure(throttled(retryAfterSeconds));
      if (retryAfterSeconds === undefined) return answer;
      return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
    },
    refused: (name, message, status) => failure(new RpcRefusal(rpcCode(name) ?? "UNKNOWN", message), status),
    failed(status = 503) {
      const code = status === 500 ? "INTERNAL" : status === 504 ? "DEADLINE_EXCEEDED" : "UNAVAILABLE";
      return failure(new RpcRefusal(code, "The service is currently unavailable."), status);
    },
    denied: () => failure(refusals.denied(permissionOf(call.method), resource)),
    disable() {
      for (const version of key?.versions ?? []) if (version.state === "ENABLED") version.state = "DISABLED";
    },
    rotate() {
      if (key !== undefined) rotate(key, call.nowMs);
    },
    renamed(members, other) {
      return renamedMembers(members, other ?? `${keyNameOf(resource)}-${randomBytes(4).toString("hex")}`);
    },
    replacedPlaintext: ({ plaintext }, change) => replaced("plaintext", plaintext, change),
    replacedCiphertext: ({ ciphertext }, change) => replaced("ciphertext", ciphertext, change),
    damaged: (members) => {
      const checksums = Object.entries(members).filter(([name]) => name.endsWith("Crc32c") && !name.startsWith("verified"));
      return Object.fromEntries(checksums.map(([name, value]) => [name, String((Number(value) ^ 1) >>> 0)]));
    },
    unverified: (members) => {
      const flags = Object.keys(members).filter((name) => name.startsWith("verified"));
      return Object.fromEntries(flags.map((name) => [name, undefined]));
    },
  };
}
