// Plays the transcript against the server as it is now, and writes down what it answers.
import { readFileSync, writeFileSync } from "node:fs";
import { placeholdersFor, play } from "./play.ts";
import { startRegistry } from "./registry-server.ts";
import { readTranscript, transcriptFile, transcriptOf, type Exchange } from "./transcript.ts";

const server = await startRegistry();
const played: Exchange[] = [];
try {
  const placeholders = await placeholdersFor(server);
  for (const exchange of readTranscript()) played.push(await play(exchange, server, placeholders));
} finally {
  await server[Symbol.asyncDispose]();
}
const [heading] = readFileSync(transcriptFile, "utf8").split("### ", 1);
writeFileSync(transcriptFile, `${heading}${transcriptOf(played)}`);
