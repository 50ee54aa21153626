import { execFileSync } from "node:child_process";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "@cmkit/registry/sqlite";

import { statusText, type ApiClient } from "./api-client.ts";
import { checkRegistry } from "./check-registry.ts";
import { serveInProcess } from "./in-process-server.ts";
import { startServer } from "./soak-server.ts";
import type { Soak, SoakPart } from "./soak.ts";
import { randomKey, Workload } from "./workload.ts";
import { newWorld, warm, type World } from "./world.ts";

const kib = 1024;

/** SQLite finds no room: by `max_page_count`, and, where we may mount one, on a file system that is full. */
export const diskFull: SoakPart = async (soak) => ({
  max_page_count: await limitedPages(soak),
  "full file system": await fullFileSystem(soak),
});

/** The limit stays; room comes back in the file itself. */
async function limitedPages(soak: Soak): Promise<string> {
  const world = await newWorld(soak, (directory) => `sqlite:${join(directory, "cmkit.db")}`, 10);
  const { directory, recordKey } = world.setUp;
  const file = join(directory, "cmkit.db");
  withSql(file, "create table ballast (bytes blob); insert into ballast values (zeroblob(1048576)); pragma wal_checkpoint");
  const maxBytes = (await stat(file)).size + 200 * kib;
  const url = await serveInProcess(soak, sqliteStore(file, { maxBytes }), recordKey);
  return throughFullness(
    soak,
    world,
    world.client("pages", () => url),
    async () => withSql(file, "drop table ballast"),
  );
}

/** `cmkit serve` in a directory of its own file system, which other files fill. Its log is there too. */
async function fullFileSystem(soak: Soak): Promise<string> {
  let mounted = "";
  const mount = (directory: string): string => {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], { stdio: "ignore" });
      mounted = directory;
      soak.atEnd(async () => void execFileSync("umount", [directory]));
      soak.atExit(() => execFileSync("umount", ["--lazy", directory]));
    } catch {
      // Only root may.
    }
    return `sqlite:${join(directory, "cmkit.db")}`;
  };
  const world = await newWorld(soak, mount, 10);
  if (mounted === "") return "skipped: no file system may be mounted here";
  const server = await startServer(soak, world.setUp);
  const client = world.client("disk", () => server.url);
  await warm(client, world.projects);
  const ballast = join(mounted, "ballast");
  const free = Number(execFileSync("df", ["--output=avail", "-k", mounted]).toString().split("\n")[1]);
  await writeFile(ballast, new Uint8Array((free - 600) * kib));
  const outcome = await throughFullness(soak, world, client, async () => rm(ballast));
  if (!server.isAlive() || (await server.end()) !== 0) soak.problem("the server did not live to its end");
  return outcome;
}

const fullAnswers = 60;

/** Writes until there is no room, and on; makes room; writes again. */
async function throughFullness(soak: Soak, world: World, client: ApiClient, makeRoom: () => Promise<void>): Promise<string> {
  const { setUp, ledger, projects } = world;
  const workload = new Workload({ client: () => client, random: soak.random, projects, writes: 0.9 });
  const refusals = (): number => client.statuses.get("503") ?? 0;
  for (let sent = 0; refusals() < fullAnswers; sent += 1) {
    await Promise.all([workload.send(), workload.send(), workload.send(), workload.send()]);
    if (client.statuses.has("none")) throw new Error("the server is gone");
    if (sent === 5000) throw new Error("expected the store to be full by now");
  }
  const { status } = await client.read(`/v1/project/${projects[0]}/secrets/cmks`);
  if (status !== 200) soak.problem(`the store is full, and a list says ${status}`);
  const before = refusals();
  await makeRoom();
  for (const project of projects) {
    const { outcome } = await client.create(project, randomKey(), true);
    if (outcome !== "acknowledged") soak.problem(`there is room again, and a create is ${outcome}`);
  }
  if (refusals() !== before) soak.problem("there is room again, and answers are 503");
  for (const status of client.statuses.keys()) if (status === "none") soak.problem("a connection broke");
  soak.requests += ledger.attempts.length;
  const { entries } = await checkRegistry(soak, setUp, ledger);
  return `${statusText([client])}; ${ledger.acknowledged} acknowledged writes, ${entries} audit entries`;
}

function withSql(file: string, statements: string): void {
  const db = new DatabaseSync(file, { timeout: 5000 });
  db.exec(statements);
  db.close();
}
