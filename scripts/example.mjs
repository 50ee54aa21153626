// Runs one example, a file or a folder with a main.ts: npm run -s example -- NAME [cmkit.dev.json]
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));
const [name, ...args] = process.argv.slice(2);
const file = [`${folder}${name}.ts`, `${folder}${name}/main.ts`].find((path) => existsSync(path));
if (name === undefined || file === undefined) {
  const names = readdirSync(folder).flatMap((entry) => {
    if (entry.endsWith(".ts")) return [entry.slice(0, -3)];
    return existsSync(`${folder}${entry}/main.ts`) ? [entry] : [];
  });
  process.stderr.write(`example: expected one of ${names.join(", ")}\n`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ["--conditions=@cmkit/source", file, ...args], { stdio: "inherit" });
process.exit(status ?? 1);
