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
      const env = { ...process.env, GOPATH: folder, GOBIN: bin, GOCACHE: `${folder}/build`, GOFLAGS: "-modcacherw" };
      await run("go", ["install", at], { env }).catch((error: unknown) => {
        throw new Error(`go install ${at}: ${reason(error)}`, { cause: error });
      });
    },
  };
}

function reason(error: unknown): string {
  const { code, stderr = "" } = error as { readonly code?: unknown; readonly stderr?: string };
  if (code === "ENOENT") return "Go is not installed";
  // What the proxy says stands on a line of its own, behind the chain of those who asked it.
  return stderr.trim().split("\n").at(-1)?.trim() ?? String(code);
}
