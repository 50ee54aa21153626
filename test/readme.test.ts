import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { withCode } from "../scripts/readme-code.mjs";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("README.md shows the code of the examples as it is", () => {
  expect(readme).toContain("<!-- code: examples/seal-open.ts -->");
  expect(withCode(readme)).toBe(readme);
});

it("README.md names every example", () => {
  for (const name of [
    "wrap-unwrap",
    "data-key",
    "seal-open",
    "fields",
    "search",
    "mask",
    "portable-message",
    "own-client",
    "revoke",
    "custom-adapter",
    "opentelemetry",
  ]) {
    expect(readme).toContain(`(examples/${name}.ts)`);
  }
  expect(readme).toContain("(examples/fields-express)");
});
