import { countAt, listAt, matchAt, momentAt, objectAt, oneOfAt, textAt } from "./registry-wire.ts";

/** How far a rewrap has come, in all processes together. */
export interface WireRewrap {
  readonly project: string;
  readonly from: string;
  readonly to: string;
  /** `unfinished`: not in the process that answered. */
  readonly state: "running" | "unfinished" | "done" | "partial";
  readonly data_keys: number;
  readonly rewrapped: number;
  readonly remaining: number;
  readonly failed: readonly { readonly code: string; readonly count: number }[];
  readonly failed_ids: readonly string[];
  /** Why it ended before all had been tried. */
  readonly stopped?: string;
  readonly started_at: string;
}

/** The answer that says how far a rewrap has come. */
export function rewrapIn(answer: unknown): WireRewrap {
  const rewrap = objectAt(objectAt(answer, "answer")["rewrap"], "rewrap");
  const { stopped } = rewrap;
  const count = (name: string): number => countAt(rewrap[name], `rewrap.${name}`);
  const key = (name: string): string => matchAt(rewrap[name], `rewrap.${name}`, /^[\da-f-]{36}$|^operator$/, "a key's id");
  return {
    project: textAt(rewrap["project"], "rewrap.project", 1024),
    from: key("from"),
    to: key("to"),
    state: oneOfAt(rewrap["state"], "rewrap.state", ["running", "unfinished", "done", "partial"]),
    data_keys: count("data_keys"),
    rewrapped: count("rewrapped"),
    remaining: count("remaining"),
    failed: listAt(rewrap["failed"], "rewrap.failed", failedAt),
    failed_ids: listAt(rewrap["failed_ids"], "rewrap.failed_ids", (id, path) => matchAt(id, path, /^[\w-]{1,64}$/, "an id")),
    ...(stopped === undefined ? {} : { stopped: codeAt(stopped, "rewrap.stopped") }),
    started_at: momentAt(rewrap["started_at"], "rewrap.started_at"),
  };
}

function failedAt(value: unknown, path: string): WireRewrap["failed"][number] {
  const failed = objectAt(value, path);
  return { code: codeAt(failed["code"], `${path}.code`), count: countAt(failed["count"], `${path}.count`) };
}

function codeAt(value: unknown, path: string): string {
  return matchAt(value, path, /^[a-z][a-z\d-]{0,63}$/, "a code");
}
