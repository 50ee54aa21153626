import type { AuditHead } from "@cmkit/registry";

/** A head as people copy it: the number of the newest entry and its tag, `SEQ:TAG`. */
export function auditHeadText({ seq, tag }: AuditHead): string {
  return `${seq}:${Buffer.from(tag).toString("base64url")}`;
}

/** @returns undefined for what {@link auditHeadText} does not write. */
export function parsedAuditHead(text: string): AuditHead | undefined {
  const [, seq = "", tag = ""] = /^([1-9]\d{0,14}):([\w-]{43})$/.exec(text) ?? [];
  const head = { seq: Number(seq), tag: new Uint8Array(Buffer.from(tag, "base64url")) };
  return head.seq > 0 && auditHeadText(head) === text ? head : undefined;
}
