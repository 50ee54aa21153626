import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The Python that the readers run on. With CMKIT_PYTHON set, its absence is a failure; without it, a reason to skip. */
export const python: string = process.env["CMKIT_PYTHON"] ?? "python3";

export const workspace: string = fileURLToPath(new URL("../../", import.meta.url));

export interface PythonRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runPython(args: readonly string[], input?: string): PythonRun {
  const { status, stdout, stderr } = spawnSync(python, args, {
    cwd: workspace,
    encoding: "utf8",
    ...(input !== undefined && { input }),
  });
  return { status, stdout, stderr };
}

/** @returns Why Python or one of its packages cannot be used, or undefined. @throws {Error} instead, where CMKIT_PYTHON is set. */
export function missingPython(...packages: readonly string[]): string | undefined {
  const { status } = runPython(["-c", packages.map((name) => `import ${name}`).join("\n")]);
  if (status === 0) return undefined;
  const reason = `${python} with the packages ${packages.join(", ")} is not there: set CMKIT_PYTHON to one that has them`;
  if (process.env["CMKIT_PYTHON"] !== undefined) throw new Error(reason);
  return reason;
}
