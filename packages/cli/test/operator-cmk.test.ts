import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import type { Outcome } from "./command.ts";
import { inAcme } from "./registry-double.ts";
import { registrySetup } from "./registry-setup.ts";

describe("the operator's key in cmkit.json", () => {
  it.each([["cmks", "list", ...inAcme], ["serve"]])("that is none keeps a registry from being opened: %s", async (...argv) => {
    const { cmkit, path, write, key } = await registrySetup();
    const made = JSON.parse(readFileSync(path("cmkit.json"), "utf8")) as object;
    const run = async (resource: string): Promise<Outcome> => {
      write("cmkit.json", JSON.stringify({ ...made, operatorCmk: { provider: "aws", resource } }));
      return cmkit([...argv, "--config", "cmkit.json"], { untilAskedToEnd: async () => {} });
    };
    const refused = await run("alias/mine");
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^cmkit: operatorCmk in cmkit\.json: aws: the key identifier is not valid: .*\(invalid-resource\)\.\nMend it, or leave it out\.\n$/,
    );
    const alias = await run("arn:aws:kms:eu-west-1:111122223333:alias/mine");
    expect(alias.exitCode).toBe(1);
    expect(alias.stderr).toContain(
      "must name the key itself, by its ARN: an alias may come to name another key (invalid-resource)",
    );
    expect((await run(key)).exitCode).toBe(0);
  });
});
