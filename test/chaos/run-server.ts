import { setTimeout as wait } from "node:timers/promises";

import { sendOnce, type Answer } from "../soak/http-request.ts";
import type { Soak } from "../soak/soak.ts";
import { startServer, type SoakSetUp } from "../soak/soak-server.ts";
import { ChaosProcess } from "./chaos-process.ts";
import { project } from "./open-chaos.ts";
import type { ServerLine, ServerSettings } from "./rewrap-server.ts";
import type { Sky } from "./sky.ts";

/** A server, while it lives. */
interface Living {
  readonly url: string;
  readonly isAlive: () => boolean;
  readonly kill: () => Promise<void>;
}

export interface RunServerOptions {
  readonly soak: Soak;
  /** Starts a server. @returns Once it listens. */
  readonly start: () => Promise<Living>;
  readonly token: string;
  readonly from: string;
  /** Absent: to the current version. */
  readonly to: string | undefined;
}

/** What an operator may be told who begins a rewrap while things go wrong. */
const possible: ReadonlySet<Answer["status"]> = new Set([200, 400, 422, 503, "none"]);
const pollMs = 300;
const maxStarts = 30;

/** A server that is asked to rewrap, looked after, started and asked again, until it says that nothing is left. */
export class RunServer {
  isDone = false;
  requests = 0;
  private readonly options: RunServerOptions;
  private living: Living | undefined;
  private isOver = false;
  private attending: Promise<void> | undefined;

  constructor(options: RunServerOptions) {
    this.options = options;
  }

  begin(): void {
    this.attending = this.attend().catch((error: unknown) => this.options.soak.problem(`the server: ${String(error)}`));
  }

  /** SIGKILL; it is started again. @returns Whether there was one. */
  async kill(): Promise<boolean> {
    const { living } = this;
    this.living = undefined;
    await living?.kill();
    return living !== undefined;
  }

  /** SIGKILL, for good. */
  async end(): Promise<boolean> {
    this.isOver = true;
    const was = await this.kill();
    await this.attending;
    await this.kill(); // one that was being started
    return was;
  }

  private async attend(): Promise<void> {
    while (!this.isOver && !this.isDone) {
      this.living ??= await this.started();
      if (!this.living.isAlive()) throw new Error("ended by itself");
      const state = stateIn(await this.ask("GET", undefined));
      if (state === "done") this.isDone = true;
      else if (state !== "running") await this.ask("POST", this.body);
      await wait(pollMs);
    }
  }

  /** It does not start while its store is away. */
  private async started(): Promise<Living> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.options.start();
      } catch (error) {
        if (tries === maxStarts) throw error;
        await wait(pollMs);
      }
    }
  }

  private get body(): object {
    const { to } = this.options;
    return to === undefined ? { stale_versions: true } : { to };
  }

  private async ask(method: string, body: object | undefined): Promise<Answer> {
    const { token, from, soak } = this.options;
    const { living } = this;
    if (living === undefined) return { status: "none", body: undefined };
    const path = `cmks/${from}/rewrap`;
    const url = `${living.url}/v1/project/${project}/secrets/${path}`;
    const answer = await sendOnce({ method, url, headers: { authorization: `Bearer ${token}` }, body });
    this.requests += 1;
    const isFirstLook = method === "GET" && answer.status === 404;
    if (!possible.has(answer.status) && !isFirstLook) soak.problem(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }
}

function stateIn({ status, body }: Answer): string | undefined {
  if (status !== 200) return undefined;
  return (body as { readonly rewrap: { readonly state: string } }).rewrap.state;
}

/** Starts the HTTP API over the chaos cloud. */
export async function startChaosServer(soak: Soak, sky: Sky, settings: ServerSettings): Promise<Living> {
  const listening = Promise.withResolvers<string>();
  const server = new ChaosProcess<ServerLine>(soak, "rewrap-server.ts", settings, (line) => {
    if (line.kind === "listening") listening.resolve(line.url);
  });
  sky.listen((weather) => server.tell(weather));
  server.tell(sky.weather);
  const url = await Promise.race([listening.promise, server.ended.then(() => "")]);
  return { url, isAlive: () => server.isAlive, kill: async () => server.kill() };
}

/** Starts the real `cmkit serve`, for emulators. */
export async function startCmkitServe(soak: Soak, setUp: SoakSetUp): Promise<Living> {
  const server = await startServer(soak, setUp);
  return { url: server.url, isAlive: server.isAlive, kill: async () => server.kill() };
}
