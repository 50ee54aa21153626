import { sendOnce, type Answer } from "./http-request.ts";
import type { Attempt, Ledger, WireCmk } from "./ledger.ts";

export interface ApiClientOptions {
  /** Asked for each request: a server that was started again may listen elsewhere. */
  readonly url: () => string;
  readonly token: string;
  readonly ledger: Ledger;
  /** Begins the request ids, so that the audit log says whose they are. */
  readonly name: string;
  /** Is told of an answer that no server of ours should give. */
  readonly onWrong: (what: string) => void;
}

/** One client of the HTTP API: keeps its connections, tries nothing twice, and writes down what it asked for. */
export class ApiClient {
  /** How often each status came. */
  readonly statuses = new Map<string, number>();
  private readonly options: ApiClientOptions;
  private sent = 0;

  constructor(options: ApiClientOptions) {
    this.options = options;
  }

  async read(path: string): Promise<Answer> {
    return this.ask("GET", path, undefined, this.requestId());
  }

  async create(project: string, resource: string, isDefault: boolean): Promise<Attempt> {
    return this.change("cmk.create", project, "", { provider: "aws", resource, default_cmk: isDefault });
  }

  async update(project: string, id: string, change: { default_cmk?: boolean; status?: string }): Promise<Attempt> {
    return this.change("cmk.update", project, `/${id}`, change);
  }

  async delete(project: string, id: string): Promise<Attempt> {
    return this.change("cmk.delete", project, `/${id}`, undefined);
  }

  private async change(action: Attempt["action"], project: string, path: string, body: object | undefined): Promise<Attempt> {
    const requestId = this.requestId();
    const sentMs = Date.now();
    const method = action === "cmk.delete" ? "DELETE" : "POST";
    const answer = await this.ask(method, `/v1/project/${project}/secrets/cmks${path}`, body, requestId);
    const outcome = outcomeOf(answer.status);
    const cmk = outcome === "acknowledged" ? (answer.body as { readonly cmk: WireCmk }).cmk : undefined;
    const attempt: Attempt = { requestId, action, project, sentMs, endedMs: Date.now(), outcome, cmk };
    this.options.ledger.attempts.push(attempt);
    return attempt;
  }

  private requestId(): string {
    this.sent += 1;
    return `${this.options.name}-${this.sent}`;
  }

  private async ask(method: string, path: string, body: object | undefined, requestId: string): Promise<Answer> {
    const { url, token } = this.options;
    const headers = { authorization: `Bearer ${token}`, "x-request-id": requestId };
    const answer = await sendOnce({ method, url: `${url()}${path}`, headers, body });
    this.statuses.set(String(answer.status), (this.statuses.get(String(answer.status)) ?? 0) + 1);
    const wrong = wrongAnswer(answer);
    if (wrong !== undefined) this.options.onWrong(`${method} ${path} (${requestId}): ${wrong}`);
    return answer;
  }
}

function outcomeOf(status: Answer["status"]): Attempt["outcome"] {
  if (status === 200 || status === 201) return "acknowledged";
  return status === "none" || status >= 500 ? "unknown" : "refused";
}

/** Whatever happens, there is an answer within a minute, in the shape of the API, and none is 500. */
function wrongAnswer({ status, body }: Answer): string | undefined {
  if (status === "none") return body === "timeout" ? "no answer within a minute" : undefined;
  if (status < 300) return undefined;
  const told = body as { readonly message?: unknown; readonly errors?: readonly { readonly error_code?: unknown }[] } | null;
  const code = told?.errors?.[0]?.error_code;
  if (typeof told?.message !== "string" || typeof code !== "string") return `${status} in another shape than errors have`;
  return status === 500 || status === 401 ? `${status} ${code}` : undefined;
}

/** Such as `200: 1200, 409: 3`. */
export function statusText(clients: readonly ApiClient[]): string {
  const sums = new Map<string, number>();
  for (const { statuses } of clients) for (const [status, count] of statuses) sums.set(status, (sums.get(status) ?? 0) + count);
  return [...sums]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([status, count]) => `${status}: ${count}`)
    .join(", ");
}
