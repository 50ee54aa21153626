import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { promisify } from "node:util";
import { peersCache } from "./peers-cache.ts";

const run = promisify(execFile);

/** A command of a Go module. */
export interface GoCommand {
  readonly install: () => Promise<void>;
  /** Where it is, once it is installed. */
  readonly command: string;
}

/** Builds the one command of a module of ours, whose dependencies Go's own client fetches. @param module Its folder. */
export function goProgram(module: string): GoCommand {
  const folder = `${peersCache}/go`;
  const command = `${folder}/bin/${module.slice(module.lastIndexOf("/") + 1)}-program`;
  return {
    command,
    async install() {
      mkdirSync(`${folder}/bin`, { recursive: true });
      // Another version of Go is never fetched for it.
      const env = { ...goEnv(folder), GOFLAGS: "-modcacherw -mod=readonly", GOTOOLCHAIN: "local" };
      await run("go", ["build", "-o", command, "."], { cwd: module, env }).catch((error: unknown) => {
        throw new Error(`go build: ${reason(error)}`, { cause: error });
      });
    },
  };
}

/** Installs with Go's own client, into folders of `.cache/peers`. @param at The command's package and version: `example.com/module/cmd/name@v1.2.3`. */
export function goCommand(at: string): GoCommand {
  const [path = "", version = ""] = at.split("@");
  const folder = `${peersCache}/go`;
  // One folder a version, so that another version is another installation.
  const bin = `${folder}/bin/${path.replaceAll("/", "_")}@${version}`;
  const command = `${bin}/${path.slice(path.lastIndexOf("/") + 1)}`;
  return {
    command,
    async install() {
      if (existsSync(command)) return;
      mkdirSync(bin, { recursive: true });
      const env = { ...goEnv(folder), GOBIN: bin, GOFLAGS: "-modcacherw" };
      await run("go", ["install", at], { env }).catch((error: unknown) => {
        throw new Error(`go install ${at}: ${reason(error)}`, { cause: error });
      });
    },
  };
}

function goEnv(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, GOPATH: folder, GOCACHE: `${folder}/build` };
}

function reason(error: unknown): string {
  const { code, stderr = "" } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === "ENOENT") return "Go is not installed";
  // What the proxy says stands on a line of its own, behind the chain of those who asked it.
  return stderr.trim().split("\n").at(-1)?.trim() ?? String(code);
}
