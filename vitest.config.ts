import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@cmkit/source", "node"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 120_000, // for tests that hang: a machine may be busy with other work
    maxWorkers: availableParallelism() + 1, // much of the time goes by in child processes
    reporters: ["default", "./scripts/closing-line.mjs"],
  },
});
