import type { HttpMessage } from "./http-messages.ts";
import { Placeholders } from "./placeholders.ts";
import { RawConnection } from "./raw-connection.ts";
import type { RegistryServer } from "./registry-server.ts";
import type { Exchange, Step } from "./transcript.ts";

/** What a transcript can ask for besides HTTP. */
const deeds: Readonly<Record<string, (server: RegistryServer) => Promise<void>>> = {
  "acme seals data under its default CMK": async (server) => server.seal("acme"),
  "acme moves its data keys to its newest CMK": async (server) => server.moveDataKeys("acme"),
};

/** What stands for what in the transcript. Makes the keys that it speaks of. @param url Where clients reach the server. */
export async function placeholdersFor(server: RegistryServer, url: string = server.url): Promise<Placeholders> {
  const { tokens, operatorId } = server;
  const keys = { "key 1": await server.createKey(), "key 2": await server.createKey() };
  const unknown = "cmkit_0000000000000000";
  return new Placeholders({ host: new URL(url).host, ...tokens, "operator id": operatorId, unknown, crlf: "\r\n", ...keys });
}

/** Sends what an exchange sends over one connection. @returns The exchange with the answers that came. */
export async function play({ title, steps }: Exchange, server: RegistryServer, placeholders: Placeholders): Promise<Exchange> {
  using connection = new RawConnection(server.url);
  const played: Step[] = [];
  let asked = "";
  for (const step of steps) {
    const [first = ""] = step.lines;
    if (step.kind === "do") await deedOf(first)(server);
    if (step.kind === "send") {
      asked = first;
      connection.send(placeholders.fill(bytesOf(step)));
    }
    const answer = step.kind === "receive" ? await connection.receive(asked.startsWith("HEAD ")) : undefined;
    played.push(answer === undefined ? step : { kind: "receive", lines: linesOf(answer, placeholders) });
    if (answer?.head.includes("Connection: close") === true) await connection.ended();
  }
  return { title, steps: played };
}

/** Differs from second to second, and from server to server. */
const leftOut = /^(?:date|keep-alive):/i;

/** Head and body as the transcript writes them. */
export function linesOf({ head, body }: HttpMessage, placeholders: Placeholders): readonly string[] {
  const kept = head.filter((line) => !leftOut.test(line));
  return [...kept, "", ...(body === "" ? [] : [body])].map((line) => placeholders.hide(line));
}

function bytesOf({ lines }: Step): string {
  const end = lines.indexOf("");
  return `${lines.slice(0, end).join("\r\n")}\r\n\r\n${lines.slice(end + 1).join("")}`;
}

function deedOf(name: string): (server: RegistryServer) => Promise<void> {
  const deed = deeds[name];
  if (deed === undefined) throw new Error(`nobody knows how to do "${name}"`);
  return deed;
}
