import type { Clock } from "@cmkit/core";
import { type AuditLog, isRegistryError } from "@cmkit/registry";

import { auditHeadText } from "./audit-head.ts";
import type { Log } from "./log-lines.ts";

const everyMs = 60_000;

/**
 * Writes the head of the audit log to the server's log, now and each minute: whoever keeps the lines shows by one of them
 * that nothing was cut off or changed since.
 */
export function auditHeads(audit: Pick<AuditLog, "head">, clock: Clock, log: Log): { end(): Promise<void> } {
  let writing = write();
  let timer = clock.after(everyMs, again);
  function again(): void {
    writing = write();
    timer = clock.after(everyMs, again);
  }
  async function write(): Promise<void> {
    try {
      const head = await audit.head();
      log.info({ head: head === undefined ? null : auditHeadText(head) }, "audit head");
    } catch (error) {
      log.warn({ errorCode: isRegistryError(error) ? error.code : "unknown" }, "audit head cannot be read");
    }
  }
  return {
    /** Writes the last one. */
    async end() {
      timer.cancel();
      await writing;
      await write();
    },
  };
}
