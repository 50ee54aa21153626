import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { multiCloudKms } from "@cmkit/core";
import { cmkRegistry } from "@cmkit/registry";
import { sqliteStore } from "@cmkit/registry/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";

import { readRegistryConfig, type RegistryConfig } from "../src/registry-config.ts";
import { scratch } from "./scratch.ts";

const least = { cmkit: 1, store: "sqlite:cmkit.db", recordKey: "record.key", accessors: {} };
const accessors = {
  aws: { principal: "arn:aws:iam::111122223333:role/cmkit" },
  gcp: { access_group: "keys@example.com" },
  azure: { app_id: "6f1e3c4a-0000-4000-8000-000000000000" },
  oci: { access_group: `ocid1.group.oc1..${"a".repeat(60)}`, access_tenant: `ocid1.tenancy.oc1..${"a".repeat(60)}` },
};

function written(content: unknown): { readonly dir: string; readonly read: () => Promise<RegistryConfig> } {
  const dir = scratch();
  const path = join(dir, "cmkit.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return { dir, read: async () => readRegistryConfig({ path, name: "cmkit.json" }) };
}

describe("a cmkit.json", () => {
  it("says where the store and the record key are, relative to itself", async () => {
    const { dir, read } = written(least);
    expect(await read()).toEqual({
      store: { engine: "sqlite", path: join(dir, "cmkit.db"), name: "cmkit.db" },
      recordKey: { path: join(dir, "record.key"), name: "record.key" },
      accessors: {},
      sharedResources: false,
    });
  });

  it("may say everything else", async () => {
    const url = "postgres://cmkit:word@db.example.com:5432/cmkit?sslmode=verify-full";
    const operatorCmk = { provider: "aws", resource: "arn:aws:kms:eu-central-1:111122223333:key/…" };
    const more = {
      store: url,
      previousRecordKey: "/keys/old.key",
      accessors,
      sharedResources: true,
      operatorCmk,
      dev: "../cmkit.dev.json",
    };
    const { dir, read } = written({ ...least, ...more });
    expect(await read()).toEqual({
      store: { engine: "postgres", url },
      recordKey: { path: join(dir, "record.key"), name: "record.key" },
      previousRecordKey: { path: "/keys/old.key", name: "/keys/old.key" },
      accessors,
      sharedResources: true,
      operatorCmk,
      dev: { path: join(dir, "../cmkit.dev.json"), name: "../cmkit.dev.json" },
    });
  });

  it.each([
    ["no JSON", "PRIVATE", "expected JSON, got something else."],
    ["a comma too many", '{\n  "store": "PRIVATE",\n}', "expected JSON, got something else in line 3."],
    ["an array", [], "cmkit: expected 1, got nothing"],
    ["no mark", { ...least, cmkit: undefined }, "cmkit: expected 1, got nothing"],
    ["another version", { cmkit: 2, PRIVATE: 1 }, "cmkit: expected 1, got 2"],
    ["no store", { ...least, store: undefined }, "expected the field store, got none"],
    ["a field that there is not", { ...least, sharedResource: true }, 'got "sharedResource"'],
    [
      "a store of another kind",
      { ...least, store: "mysql://PRIVATE@db" },
      "store: expected sqlite:FILE or postgres://…, got another string",
    ],
    ["a store without a file", { ...least, store: "sqlite:" }, "store: expected sqlite:FILE or postgres://…"],
    ["a store that is no URL", { ...least, store: "postgres:PRIVATE" }, "store: expected sqlite:FILE or postgres://…"],
    ["a record key itself", { ...least, recordKey: ["PRIVATE"] }, "recordKey: expected the name of a file, got an array"],
    ["an empty record key", { ...least, recordKey: "" }, "recordKey: expected the name of a file"],
    ["shared resources in words", { ...least, sharedResources: "true" }, "sharedResources: expected true or false"],
    ["no accessors", { ...least, accessors: undefined }, "expected the field accessors, got none"],
    ["an accessor in no cloud", { ...least, accessors: { local: {} } }, 'got "local"'],
    [
      "an accessor that is everybody",
      { ...least, accessors: { aws: { principal: "*" } } },
      "accessors.aws.principal: expected the ARN of an IAM role",
    ],
    ["an accessor with more", { ...least, accessors: { aws: { ...accessors.aws, role_arn: "x" } } }, 'got "role_arn"'],
    [
      "an accessor that is a shell's",
      { ...least, accessors: { gcp: { access_group: "a@b.example;rm" } } },
      "accessors.gcp.access_group: expected the e-mail",
    ],
    [
      "an accessor that is none",
      { ...least, accessors: { azure: { app_id: "x" } } },
      "accessors.azure.app_id: expected the id of an application",
    ],
    [
      "an accessor without its tenancy",
      { ...least, accessors: { oci: { access_group: "x" } } },
      "expected the field access_tenant, got none",
    ],
    [
      "a user for a group",
      { ...least, accessors: { oci: { ...accessors.oci, access_group: "ocid1.user.oc1..a" } } },
      "the OCID of a group",
    ],
    [
      "an operator's local key",
      { ...least, operatorCmk: { provider: "local", resource: "local:a" } },
      "operatorCmk.provider: expected aws, gcp, azure or oci",
    ],
  ])("is refused with %s, without the value", async (_name, content, what) => {
    const failure = await written(content)
      .read()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure).toMatchObject({ name: "CliError", code: "refused" });
    expect(String(failure)).toContain("cmkit.json is not the configuration of a registry: ");
    expect(String(failure)).toContain(what);
    expect(String(failure)).not.toMatch(/PRIVATE(?!":)/);
  });

  it.each(["docs/registry.md", "packages/cli/README.md"])("is taken as %s has it", async (page) => {
    const markdown = readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8");
    const [, sample = ""] = /```json\n(\{\n {2}"cmkit": 1,[^`]*)```/.exec(markdown) ?? [];
    const { accessors } = await written(sample).read();
    expect(Object.keys(accessors)).toEqual(["aws", "gcp", "azure", "oci"]);
    const kms = multiCloudKms({ adapters: [] });
    const recordKey = new Uint8Array(32);
    const registry = cmkRegistry({ kms, store: sqliteStore(":memory:"), recordKey, accessors });
    onTestFinished(async () => registry.close());
    expect(registry.accessors).toEqual(accessors);
  });

  it("is named where its directory is given", async () => {
    const { dir } = written(least);
    await expect(readRegistryConfig({ path: dir, name: "here" })).rejects.toThrow(
      `${dir} is a directory; expected a file.\nGive ${join(dir, "cmkit.json")}.`,
    );
  });

  it("is made by `cmkit init` where there is none", async () => {
    const missing = readRegistryConfig({ path: join(scratch(), "cmkit.json"), name: "here/cmkit.json" });
    await expect(missing).rejects.toThrow("There is no file here/cmkit.json.\nMake a registry with `cmkit init DIR`");
  });
});
