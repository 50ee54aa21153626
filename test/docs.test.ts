import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isKmsError, KmsError, kmsErrorCodes } from "@cmkit/core";
import { RegistryError, registryErrorCodes } from "@cmkit/registry";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => /(?:^|\/)(?:node_modules|dist|\.cache|\.git)(?:\/|$)/.test(path) }).sort();
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = files("**/*.md");
const sources = files("packages/*/src/**/*.ts");

/** Markdown without its fenced code blocks, whose contents are no links. */
function prose(markdown: string): string {
  return markdown.replace(/^```.*?^```/gms, "");
}

/** Anchors as GitHub makes them out of headings. */
function anchors(markdown: string): ReadonlySet<string> {
  const headings = [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = ""]) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function brokenLinks(page: string, markdown: string): string[] {
  const targets = [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, resolve(root, dirname(page), path));
    if (path !== "" && !existsSync(join(root, file))) return true;
    return anchor !== undefined && file.endsWith(".md") && !anchors(path === "" ? markdown : read(file)).has(anchor);
  });
}

/** Paths of this repository that a text names, without the `*` of a family of files. */
function missingPaths(text: string): string[] {
  const named = [...text.matchAll(/(?<![\w@./-])(?:packages|docs|examples|test|scripts|bench)\/[\w./-]+(?![\w*<{])/g)];
  return named.map(([path]) => path.replace(/[./-]+$/, "")).filter((path) => !existsSync(join(root, path)));
}

describe("the pages", () => {
  it("link only to pages and headings that exist", () => {
    const broken = pages.flatMap((page) => brokenLinks(page, read(page)).map((target) => `${page}: ${target}`));
    expect(broken).toEqual([]);
  });

  it("name only files that exist", () => {
    const missing = pages.flatMap((page) => missingPaths(read(page)).map((path) => `${page}: ${path}`));
    expect(missing).toEqual([]);
  });

  it("are there when a source refers to them", () => {
    const comments = (path: string): string => (read(path).match(/\/\*.*?\*\/|\/\/.*$/gms) ?? []).join("\n");
    const missing = sources.flatMap((path) => missingPaths(comments(path)).map((page) => `${path}: ${page}`));
    expect(missing).toEqual([]);
  });

  it("would be caught with a broken link, heading or path", () => {
    expect(brokenLinks("docs/errors.md", "[a](nowhere.md) [b](#nothing) [c](errors.md#nothing)")).toHaveLength(3);
    expect(brokenLinks("docs/errors.md", "# One `two`\n[a](#one-two) [b](errors.md) [c](https://example.com)")).toEqual([]);
    expect(missingPaths("see `packages/core/src/no-such-file.ts`, packages/core/src/kms.ts.")).toHaveLength(1);
  });
});

describe("docs/errors.md", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `([a-z-]+)` \| (\d+) \| (yes|no) \| (.+) \| (.+) \|$/gm)];
  const listed = rows.map(([, code = ""]) => code);

  it("has one line for each code and no other", () => {
    expect(listed).toEqual([...kmsErrorCodes]);
  });

  it.each(kmsErrorCodes)("says the status and retryability of %s, and what to do", (code) => {
    const error = new KmsError(code);
    const [, , status, retryable, happened, whatToDo] = rows[listed.indexOf(code)] ?? [];
    expect({ status, retryable }).toEqual({ status: String(error.httpStatus), retryable: error.retryable ? "yes" : "no" });
    expect(happened).toMatch(/\w{3}.*\.$/);
    expect(whatToDo).toMatch(/\w{3}.*\.$/);
    expect(isKmsError(error)).toBe(true);
  });
});

describe("the registry's part of docs/errors.md", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `([a-z-]+)` \| (\d+) \| (\w.+) \| (\w.+) \|$/gm)].filter(
    ([, , , happened = ""]) => !/^(?:yes|no) \|/.test(happened),
  );

  it("has one line for each code, with its status, what happened and what to do", () => {
    const listed = rows.map(([, code, status, happened, whatToDo]) => ({
      code,
      status: Number(status),
      told: [happened, whatToDo].every((text) => /\w{3}.*\.$/.test(text ?? "")),
    }));
    expect(listed).toEqual(registryErrorCodes.map((code) => ({ code, status: new RegistryError(code).httpStatus, told: true })));
  });
});

/** What a module imports, types and late imports included. */
function importsOf(source: string): string[] {
  const statements = /^(?:import|export)\b(?:[^;"']*?\bfrom)?\s+"([^"]+)";/gm;
  const calls = /\bimport\(\s*"([^"]+)"\s*\)/g;
  return [statements, calls].flatMap((pattern) => [...source.matchAll(pattern)].map(([, specifier = ""]) => specifier));
}

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifest = (path: string): Manifest => JSON.parse(read(path)) as Manifest;
const bare = /^(?:@[^/]+\/)?[^/]+/;

/** The packages that each package's sources may name, beside `node:*` and its own files. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  aws: ["@cmkit/core", "@aws-sdk/client-kms"],
  gcp: ["@cmkit/core", "@google-cloud/kms"],
  azure: ["@cmkit/core", "@azure/keyvault-keys", "@azure/identity"],
  oci: ["@cmkit/core", "oci-common"],
  emulators: ["@grpc/grpc-js", "@grpc/proto-loader", "@peculiar/asn1-schema", "@peculiar/asn1-x509"],
  registry: ["@cmkit/core", "kysely", "pg", "hono", "@hono/zod-openapi", "zod"],
  cli: [
    "@cmkit/core",
    "@cmkit/registry",
    "@cmkit/emulators",
    "@cmkit/aws",
    "@cmkit/gcp",
    "@cmkit/azure",
    "@cmkit/oci",
    "commander",
    "cli-table3",
    "cli-progress",
    "csv-parse",
    "csv-stringify",
    "@hono/node-server",
    "pino",
    "prom-client",
  ],
};

describe("packages", () => {
  it("are those whose imports are watched here", () => {
    const packages = files("packages/*/package.json").map((path) => path.split("/")[1]);
    expect(packages).toEqual(Object.keys(allowed).sort());
  });

  it.each(Object.entries(allowed))("%s imports nothing but what it may", (name, may) => {
    const { dependencies = {}, peerDependencies = {} } = manifest(`packages/${name}/package.json`);
    const own = sources.filter((path) => path.startsWith(`packages/${name}/`));
    const wrong = own.flatMap((path) =>
      importsOf(read(path))
        .filter((specifier) => !isAllowed(path, specifier, may))
        .map((specifier) => `${path}: ${specifier}`),
    );
    expect(own.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
    expect(Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !may.includes(name))).toEqual([]);
  });

  it("would be caught importing in another direction", () => {
    const source =
      'import type {\n  A,\n} from "@cmkit/aws";\nexport { b } from "../../aws/src/b.ts";\nconst c = import("left-pad");';
    expect(importsOf(source)).toEqual(["@cmkit/aws", "../../aws/src/b.ts", "left-pad"]);
    expect(importsOf(source).some((specifier) => isAllowed("packages/core/src/kms.ts", specifier, []))).toBe(false);
  });

  it("have a reason for each dependency in docs/decisions", () => {
    const reasons = files("docs/decisions/*.md").map(read).join("\n");
    const unexplained = files("**/package.json").flatMap((path) => {
      const { dependencies, devDependencies, peerDependencies } = manifest(path);
      const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
      return names
        .filter((name) => !name.startsWith("@cmkit/") && !reasons.includes(`\`${name}\``))
        .map((name) => `${path}: ${name}`);
    });
    expect(unexplained).toEqual([]);
  });
});

function isAllowed(path: string, specifier: string, may: readonly string[]): boolean {
  if (specifier.startsWith("node:")) return true;
  if (!specifier.startsWith(".")) return may.includes(bare.exec(specifier)?.[0] ?? "");
  const home = path.split("/").slice(0, 3).join("/");
  return join(dirname(path), specifier).startsWith(`${home}/`);
}
