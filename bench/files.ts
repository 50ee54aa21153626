import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { readDevFile } from "@cmkit/cli";
import { startDev } from "../test/dev-server.ts";
import { median, round3, type Row } from "./measure.ts";
import { sealedFields } from "./sealed-fields.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The built `cmkit seal` of a file of JSON Lines, three values a row, against plain tokens in the same rows through the same parser. */
export async function filesGroup({ megabytes }: { readonly megabytes: number }): Promise<Row[]> {
  const rounds = megabytes > 200 ? 1 : 3; // a large file is noise enough averaged
  const directory = await mkdtemp(`${tmpdir()}/cmkit-bench-`);
  await using dev = await startDev();
  try {
    const input = `${directory}/customers.jsonl`;
    await writeCustomers(input, megabytes * 1e6);
    const seal = await sealCommand(dev.file, input, `${directory}/sealed.jsonl`);
    const plain = ["--conditions=@cmkit/source", here("seal-plainly.ts"), input, `${directory}/plain.jsonl`];
    const [ours, theirs]: [Run[], Run[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await measured(seal));
      theirs.push(await measured(plain));
      for (const made of ["sealed.jsonl", "sealed.jsonl.keys", "plain.jsonl"]) await rm(`${directory}/${made}`);
    }
    const speed = (run: Run): number => megabytes / run.seconds;
    const row = (name: string, unit: string, of: (run: Run) => number, ratio: (a: number, b: number) => number): Row => {
      const [cmkit, peer] = [median(ours.map(of)), median(theirs.map(of))];
      return { group: "files", name, unit, cmkit: round3(cmkit), peer: round3(peer), ratio: round3(ratio(cmkit, peer)), rounds };
    };
    return [
      row(`cmkit seal, ${megabytes} MB`, "MB/s", speed, (cmkit, peer) => peer / cmkit),
      row(
        "its peak memory",
        "MiB",
        ({ mebibytes }) => mebibytes,
        (cmkit, peer) => cmkit / peer,
      ),
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function sealCommand(dev: string, input: string, output: string): Promise<string[]> {
  const { aws } = await readDevFile(dev);
  const key = ["--dev", dev, "--provider", "aws", "--resource", aws.keys.symmetric];
  const data = ["--fields", sealedFields.join(","), "--row-id", "id", "--table", "customers", "--tenant", "acme"];
  return [here("../packages/cli/dist/main.js"), "seal", ...key, ...data, "--in", input, "--out", output];
}

interface Run {
  readonly seconds: number;
  readonly mebibytes: number;
}

async function measured(command: readonly string[]): Promise<Run> {
  const preload = ["--import", new URL("report-memory.mjs", import.meta.url).href];
  const started = performance.now();
  const child = spawn(process.execPath, [...preload, ...command], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const [memory, errors] = [text(child.stdio[3] as Readable), text(child.stderr as Readable)];
  const [status] = (await once(child, "exit")) as [number | null];
  if (status !== 0) throw new Error(`expected ${command[0]} to end well: ${await errors}`);
  return { seconds: (performance.now() - started) / 1000, mebibytes: Number(await memory) };
}

async function writeCustomers(path: string, bytes: number): Promise<void> {
  const file = createWriteStream(path);
  for (let written = 0, id = 0; written < bytes; id += 1) {
    const line = `${JSON.stringify({
      id: `c${id}`,
      name: `Customer ${id}`,
      email: `customer.${id}@example.com`,
      phone: `+44 20 7946 ${String(id % 10_000).padStart(4, "0")}`,
      address: { street: `${id % 200} Example Street`, city: "London", country: "GB" },
      created_at: new Date(1.7e12 + id * 60_000).toISOString(),
      orders: id % 40,
      total: (id % 9000) / 100,
      notes: "Prefers to be called in the morning. ".repeat(1 + (id % 6)),
    })}\n`;
    written += line.length;
    if (!file.write(line)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}
