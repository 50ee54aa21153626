// Puts the code of examples between the lines that name it in README.md. Usage: node scripts/readme-code.mjs
import { readFileSync, writeFileSync } from "node:fs";

/** README.md with each `<!-- code: FILE -->` block replaced by what FILE says now. */
export function withCode(readme) {
  return readme.replace(/(<!-- code: (\S+) -->\n```ts\n)[\s\S]*?(```\n)/g, (_all, before, file, after) => {
    return `${before}${readFileSync(new URL(`../${file}`, import.meta.url), "utf8")}${after}`;
  });
}

if (import.meta.main) {
  const path = new URL("../README.md", import.meta.url);
  writeFileSync(path, withCode(readFileSync(path, "utf8")));
}
