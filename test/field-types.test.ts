import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = ["tables.ts", "drizzle-rows.ts", "kysely-rows.ts", "other-rows.ts", "misuse.ts"];
const read = (page: string): string => readFileSync(`${root}/test/field-types/${page}`, "utf8");

/** An expectation of misuse.ts: ` @ts-expect-error NUMBER "WORDS" why`. */
const expectation = /^\s*\/\/ @ts-expect-error(?: (?<number>\d+) "(?<words>[^"]+)" \S.*)?$/;

interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly number: string;
  readonly words: string;
}

/** What the compiler says: each complaint with the lines that explain it. */
function complaintsIn(output: string): Complaint[] {
  const starts = /^(?<path>\S+)\((?<line>\d+),\d+\): error TS(?<number>\d+): /;
  return output.split(/\n(?=\S+\(\d+,\d+\): )/).flatMap((words) => {
    const { path, line, number } = starts.exec(words)?.groups ?? {};
    return path === undefined ? [] : [{ file: basename(path), line: Number(line), number: number ?? "", words }];
  });
}

let directory = "";
let complaints: Complaint[] = [];

beforeAll(() => {
  mkdirSync(`${root}/test/.cache`, { recursive: true });
  directory = mkdtempSync(`${root}/test/.cache/field-types-`);
  // Without the expectations, but with as many lines: what was expected is now said.
  for (const page of pages) writeFileSync(`${directory}/${page}`, read(page).replaceAll("@ts-expect-error", ""));
  const config = { extends: `${root}/tsconfig.check.json`, include: ["."] };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(config));
  const run = spawnSync(`${root}/node_modules/.bin/tsc`, ["-p", directory, "--pretty", "false", "--noErrorTruncation"], {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  complaints = complaintsIn(run.stdout);
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const lines = read("misuse.ts").split("\n");
const expected = lines.flatMap((text, i) => (text.includes("@ts-expect-error ") && i > 2 ? [{ text, line: i + 2 }] : []));

it("each misuse is refused by the compiler, and nothing else is", () => {
  expect(complaints.map(({ file, line }) => `${file}:${line}`)).toEqual(expected.map(({ line }) => `misuse.ts:${line}`));
});

it.each(expected)("the compiler's reason at line $line is the one that is expected: $text", ({ text, line }) => {
  const { number, words } = expectation.exec(text)?.groups ?? {};
  const complaint = complaints.find((each) => each.line === line);
  expect(complaint?.number).toBe(number);
  expect(complaint?.words).toContain(words);
});
