import { isKmsError, type Cmk, type DriverCall } from "@cmkit/core";
import { badAnswer, fieldsIn, type Fields } from "./answer.ts";
import type { GcpCallOptions, GcpClient } from "./gcp-client.ts";
import type { GcpConnection } from "./gcp-connection.ts";
import { classifyGcpError, isChecksumRefusal } from "./gcp-errors.ts";
import type { GcpIdentities } from "./gcp-identities.ts";
import { refuseLoudLogging } from "./loud-logging.ts";
import { untilAborted } from "./until-aborted.ts";

/** Sends one request of a driver's call. */
export type Send = <T>(ask: (client: GcpClient, options: GcpCallOptions) => Promise<T>) => Promise<T>;

/** The requests of one call, with the credentials of one CMK, within what is left of the call's time. */
export function sendFor(cmk: Cmk, connection: GcpConnection, identities: GcpIdentities | undefined, call: DriverCall): Send {
  const { signal } = call;
  const until = performance.now() + call.remainingMs;
  return async (ask) => {
    refuseLoudLogging();
    const send = async (): ReturnType<typeof ask> => {
      const client = await connection.client();
      // Before the SDK is asked for anything: see gcpConnection.
      const headers = (await identities?.headers(cmk, signal)) ?? {};
      signal.throwIfAborted();
      const timeout = Math.max(1, Math.ceil(until - performance.now()));
      return ask(client, { timeout, retry: null, signal, otherArgs: { headers } });
    };
    return untilAborted(send(), signal).catch((error: unknown) => {
      if (classifyGcpError(error, "describe").code === "credentials") identities?.forget(cmk);
      throw ownErrorIn(error);
    });
  };
}

/** What {@link restFetch} refuses comes back wrapped in an error of the SDK. */
function ownErrorIn(error: unknown): unknown {
  const cause = error instanceof Error && !isKmsError(error) ? error.cause : undefined;
  return isKmsError(cause) ? cause : error;
}

/**
 * Bytes that changed on the way, here or there, are asked for once more, as Google recommends; a second time is a bad answer.
 * Not left to core, which repeats only what waiting can mend, and would then call it unavailable.
 *
 * @param intact Looks at the checksums of an answer, and wipes what it does not believe.
 */
export async function sendIntact(
  send: Send,
  ask: (client: GcpClient, options: GcpCallOptions) => Promise<readonly unknown[]>,
  intact: (answer: Fields) => boolean,
): Promise<Fields> {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const answer = await send(ask).catch((error: unknown) => {
      if (isChecksumRefusal(error)) return undefined;
      throw error;
    });
    if (answer === undefined) continue;
    const fields = fieldsIn(answer[0]);
    if (intact(fields)) return fields;
  }
  return badAnswer("twice its checksums were not those of the bytes");
}
