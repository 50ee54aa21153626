import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { providersPage } from "./providers-page.ts";

test("docs/providers.md says what the suite runs and skips", async () => {
  const page = await readFile(new URL("../../docs/providers.md", import.meta.url), "utf8");
  expect(page, 'run "npm run conformance -- --write"').toBe(await providersPage());
}, 120_000);
