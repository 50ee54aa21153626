import type { LoopbackAnswer } from "./loopback-server.ts";

/** An answer of an emulated service; `errorName` is for the call log. */
export interface ServiceAnswer extends LoopbackAnswer {
  readonly errorName?: string;
}
