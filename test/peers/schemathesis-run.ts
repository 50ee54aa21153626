import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import type { RequestEntry } from "@cmkit/registry/http";
import { startRegistry, type RegistryServer } from "../wire/registry-server.ts";
import { python, pythonEnv } from "./python-environment.ts";

/** One run of the fuzzer. */
export interface Fuzzing {
  /** Whose token it has. */
  readonly as: keyof RegistryServer["tokens"] | "nobody";
  /** How many requests an operation gets at most in each phase. */
  readonly maxExamples: number;
  readonly phases: readonly ("examples" | "coverage" | "fuzzing" | "stateful")[];
}

/** What came of it. */
export interface Fuzzed {
  /** What the fuzzer found, in its own words; undefined for nothing. */
  readonly found: string | undefined;
  readonly answered: readonly RequestEntry[];
}

const fuzzer = `${dirname(python)}/schemathesis`;
const account = "arn:aws:kms:eu-west-1:111122223333";
const registered = 40;
/** A CMK that was just made has had no rewrap, and the one to move to is not made up. That what was made is there, the wire tests ask. */
const notAsked = "ensure_resource_availability";
/** The fuzzer is then ended: it takes some twenty seconds of a processor that it does not share. */
export const fuzzingLimitMs = 300_000;

/** Runs the fuzzer against a server of its own, with the document that the server gives of itself. */
export async function fuzz(fuzzing: Fuzzing): Promise<Fuzzed> {
  const server = await startRegistry();
  const directory = await mkdtemp(`${tmpdir()}/cmkit-schemathesis-`);
  try {
    await writeFile(`${directory}/schemathesis.toml`, await configuration(server, fuzzing));
    const token = fuzzing.as === "nobody" ? [] : ["--header", `Authorization: Bearer ${server.tokens[fuzzing.as]}`];
    const checks = ["--checks", "all", "--exclude-checks", notAsked];
    const found = await run(directory, ["run", `${server.url}/openapi.json`, ...checks, "--no-color", ...token]);
    return { found, answered: [...server.answered] };
  } finally {
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
}

/** Resources that nobody has yet, and CMKs that are there: out of the document alone a fuzzer guesses neither. */
async function configuration(server: RegistryServer, { maxExamples, phases }: Fuzzing): Promise<string> {
  const resources = [await server.createKey(), ...Array.from({ length: 200 }, () => `${account}:key/${randomUUID()}`)];
  const ids: string[] = [];
  for (let count = 0; count < registered; count += 1) {
    const resource = count === 0 ? await server.createKey() : `${account}:key/${randomUUID()}`;
    const cmk = await server.registry.register("acme", { provider: "aws", resource, defaultCmk: count === 0 });
    ids.push(cmk.id);
  }
  await server.seal("acme");
  const off = (["examples", "coverage", "fuzzing", "stateful"] as const).filter((phase) => !phases.includes(phase));
  return `
continue-on-failure = true
workers = 1
# How busy the machine is changes nothing.
request-timeout = 60.0
suppress-health-check = ["all"]
[generation]
deterministic = true
database = "none"
max-examples = ${maxExamples}
[phases]
${off.map((phase) => `${phase}.enabled = false`).join("\n")}
[dictionaries]
projects = { values = ["acme"] }
providers = { values = ["aws"] }
resources = { values = ${JSON.stringify(resources)} }
ids = { values = ${JSON.stringify(ids)} }
[parameters]
"path.project" = { dictionary = "projects", probability = 0.8 }
"path.id" = { dictionary = "ids", probability = 0.6 }
"body.provider" = { dictionary = "providers", probability = 0.5 }
"body.resource" = { dictionary = "resources", probability = 0.7 }
# What a resource looks like depends on the provider, and a CMK cannot become old and the default at once: no schema says so.
[[operations]]
include-operation-id = ["createCmk", "updateCmk"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]
# Most of the keys are in no cloud, and a CMK to move to is not made up.
[[operations]]
include-operation-id = ["startRewrap", "startOperatorRewrap"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422"]
`;
}

async function run(directory: string, args: readonly string[]): Promise<string | undefined> {
  const env = { PATH: process.env["PATH"], HOME: directory, LC_ALL: "C.UTF-8", ...pythonEnv };
  return new Promise((resolve) => {
    execFile(fuzzer, args, { cwd: directory, env, timeout: fuzzingLimitMs }, (error, stdout, stderr) => {
      resolve(error === null ? undefined : (findings(stdout) ?? `${error.message}\n${stdout.slice(-1000)}${stderr}`));
    });
  });
}

/** Its report, without how far it got. */
function findings(report: string): string | undefined {
  const from = /^=+ (?:FAILURES|ERRORS) =+$/m.exec(report)?.index;
  return from === undefined ? undefined : report.slice(from, from + 4000);
}
