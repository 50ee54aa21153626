/** What a log and metrics may say of one answered request. It never holds a token, a query or a body, and of errors' words the store's alone. */
export interface RequestEntry {
  /** As in `x-request-id` and in the audit log. */
  readonly requestId: string;
  /** One of HTTP's own, else `other`. For logs and metrics. */
  readonly method: string;
  /** The pattern, such as `/v1/project/{project}/secrets/cmks/{id}`; `other` for a path that is none of ours. For logs and metrics. */
  readonly route: string;
  readonly status: number;
  /** Until the answer was ready to be sent. */
  readonly durationMs: number;
  /** Such as `token:ID`. For logs; undefined until the token is known to be good. */
  readonly actor: string | undefined;
  /** For logs, never for metrics; undefined unless the token reaches it, so that a stranger writes nothing into the log. */
  readonly project: string | undefined;
  /** As in the answer's `error_code`. */
  readonly errorCode: string | undefined;
  /** Of `store-unavailable` and `bad-record`, in words that no caller is told: why, or which row. For logs, never for metrics. */
  readonly reason: string | undefined;
  /** Where an error with status 500 comes from: functions and files, without the error's words. */
  readonly frames: readonly string[] | undefined;
}

/** What is learned of a request while it is answered. */
export interface Visit {
  readonly requestId: string;
  route: string | undefined;
  actor: string | undefined;
  project: string | undefined;
  errorCode: string | undefined;
  reason: string | undefined;
  frames: readonly string[] | undefined;
}

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** @param method Anything: metrics must not grow with what strangers send. */
export function requestEntry(visit: Visit, method: string, status: number, durationMs: number): RequestEntry {
  return { ...visit, method: methods.has(method) ? method : "other", route: visit.route ?? "other", status, durationMs };
}

const maxFrames = 8;

/** The frames of a stack, without the message that stands before them. */
export function framesOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  const at = error.stack.indexOf(error.message);
  if (at === -1) return undefined;
  const lines = error.stack.slice(at + error.message.length).split("\n");
  return lines
    .filter((line) => /^ +at /.test(line))
    .slice(0, maxFrames)
    .map((line) => line.trim());
}
