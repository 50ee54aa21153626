import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { opensVectors } from "./vectors/read-vectors.ts";

const page = readFileSync(new URL("../../../docs/envelope-format.md", import.meta.url), "utf8");
const example = page.slice(page.indexOf("## 15 "), page.indexOf("## 16 "));

/** The hexadecimal under a label of the worked example, without its comments. */
function shown(label: string): string {
  const lines = example.slice(example.indexOf(`\n${label} `) + 1).split("\n");
  const end = lines.findIndex((line, i) => line === "" || (i > 0 && !line.startsWith(" ")));
  return lines
    .slice(0, end)
    .map((line) => line.slice(19).replace(/;.*/, "").replaceAll(" ", ""))
    .join("");
}

describe("docs/envelope-format.md", () => {
  test.each(["compact", "portable"])("works out the vector it names: %s", (profile) => {
    const vector = opensVectors.find(({ name }) => name === `${profile}, 7 bytes`);
    expect(shown(profile)).toBe(vector?.sealed);
    expect(shown("plaintext")).toBe(vector?.plaintext);
  });

  test("works out the additional data of the compact vector", () => {
    const vector = opensVectors.find(({ name }) => name === "compact, 7 bytes");
    expect(shown("additional data")).toBe(vector?.additionalData);
    expect(vector?.additionalData.endsWith(shown("external_aad"))).toBe(true);
  });

  test("keeps the numbers of the sections that the sources cite", () => {
    for (const title of ["## 3 Derivation", "## 4 Sealed payload", "## 5 Origin tag"]) expect(page).toContain(`\n${title}`);
  });
});
