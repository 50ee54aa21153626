// A directory of its own in which commands run as a user's would, and the transcript of what they print.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const onWindows = process.platform === "win32";

/** Makes an empty project, whose commands and output go to `transcript`. */
export function packedProject(directory, transcript) {
  mkdirSync(directory);
  writeFileSync(`${directory}/package.json`, '{ "type": "module", "private": true }\n');

  /** Runs a command, and notes what it printed. */
  function shell(shown, { command = shown.split(" "), noted = true, status = 0 } = {}) {
    const [program, ...args] = command;
    const run = spawnSync(program, args, { cwd: directory, encoding: "utf8", env: userEnvironment(), shell: onWindows });
    const output = `${run.stdout}${run.stderr}`;
    if (run.status !== status) throw new Error(`${shown} exited ${run.status}:\n${output}`);
    if (noted) transcript.block(shown, output, status);
    return output;
  }

  return {
    directory,
    shell,
    /** Shows one command, and installs the packed packages among its names from their tarballs. */
    install(names, tarballOf, versionOf, flags = []) {
      const packages = names.map((name) => tarballOf(name) ?? `${name}@${versionOf(name)}`);
      const unseen = flags.includes("--save-dev") ? [] : [tarballOf("@cmkit/emulators")];
      shell(["npm install", ...flags, ...names].join(" "), {
        command: ["npm", "install", "--no-audit", "--no-fund", ...flags, ...packages, ...unseen],
      });
    },
    /** Starts `cmkit dev`, and waits until it is ready. */
    async startDev() {
      // Not through npx, which does not pass the signal on that ends it.
      const child = spawn(`${directory}/node_modules/.bin/cmkit`, ["dev"], {
        cwd: directory,
        env: userEnvironment(),
        stdio: ["ignore", "pipe", "inherit"],
        shell: onWindows,
      });
      const lines = [];
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line);
        if (line.startsWith("Next")) break;
      }
      transcript.block("npx cmkit dev &", lines.join("\n"), 0);
      return child;
    },
  };
}

/** The workspace's Node, and nothing else of the workspace; no settings of clouds either. */
function userEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD|AWS_|AZURE_|GOOGLE_|CLOUDSDK_|OCI_)/i.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}
