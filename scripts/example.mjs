// Runs one example, a file or a folder with a main.ts: npm run -s example -- NAME [cmkit.dev.json]
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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
// Most examples run against a `cmkit dev`, whose file they are given or look for here.
if (readFileSync(file, "utf8").includes('"cmkit.dev.json"')) {
  const dev = args[0] ?? "cmkit.dev.json";
  if (!existsSync(dev)) {
    process.stderr.write(
      `example: There is no file ${dev}. Run \`npm run -s cmkit -- dev\` in another terminal first, or give the path of its cmkit.dev.json.\n`,
    );
    process.exit(1);
  }
}
const { status } = spawnSync(process.execPath, ["--conditions=@cmkit/source", file, ...args], { stdio: "inherit" });
process.exit(status ?? 1);
