import { answerControl, controlPrefix, type ControlTargets } from "./control-server.ts";
import { type LoopbackAnswer, loopbackServer, type LoopbackRequest, type LoopbackServerOptions } from "./loopback-server.ts";

/** An emulated service and what controls it. */
export interface EmulatorServerOptions extends Omit<LoopbackServerOptions, "handle"> {
  readonly service: (request: LoopbackRequest) => Promise<LoopbackAnswer>;
  readonly controls: ControlTargets;
  /** Aborted when the server closes: ends what still waits, such as latency faults. */
  readonly stopped: AbortController;
}

/** Where an emulator listens. */
export interface EmulatorServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Stops the server, and every latency fault that waits. */
  close(): Promise<void>;
}

/** Serves a service and its control endpoints on one port of 127.0.0.1. */
export async function emulatorServer({ service, controls, stopped, ...options }: EmulatorServerOptions): Promise<EmulatorServer> {
  const server = await loopbackServer({
    ...options,
    handle: async (request) => (request.path.startsWith(controlPrefix) ? answerControl(request, controls) : service(request)),
  });
  const close = async (): Promise<void> => {
    stopped.abort();
    await server.close();
  };
  return { url: server.url, port: server.port, close, [Symbol.asyncDispose]: close };
}
