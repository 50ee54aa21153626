import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyName } from "./samples.ts";

const run = promisify(execFile);
let empty = "";

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), "cmkit-gcp-"));
});

afterAll(async () => {
  await rm(empty, { recursive: true, force: true });
});

// Nobody listens there.
const noMetadataServer = { GCE_METADATA_HOST: "127.0.0.1:9" };

/** Two calls in a process of their own, which must live on; what each threw within the default deadline. */
async function twoCalls(env: Readonly<Record<string, string>>, options = "{}"): Promise<unknown[]> {
  const program = `
    import { multiCloudKms } from ${JSON.stringify(new URL("../../core/src/index.ts", import.meta.url).href)};
    import { gcp } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
    const kms = multiCloudKms({ adapters: [gcp(${options})] });
    const key = kms.open({ provider: "gcp", resource: "${keyName}" });
    const seen = [];
    for (const _ of [1, 2]) {
      const { code, message } = await key.describe().catch((thrown) => thrown);
      seen.push({ code, message });
    }
    await kms.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(JSON.stringify(seen));
  `;
  const args = ["--conditions=@cmkit/source", "--input-type=module-typescript", "--eval", program];
  const { stdout } = await run(process.execPath, args, {
    cwd: new URL("..", import.meta.url).pathname,
    env: { PATH: "", HOME: empty, ...env },
  });
  return JSON.parse(stdout) as unknown[];
}

async function credentialsFile(name: string, content: string): Promise<Record<string, string>> {
  const file = join(empty, name);
  await writeFile(file, content);
  return { GOOGLE_APPLICATION_CREDENTIALS: file };
}

describe("a process without credentials lives on", () => {
  it.each(["{}", '{ transport: "grpc" }'])("and each call says what to do: gcp(%s)", async (options) => {
    const seen = await twoCalls(noMetadataServer, options);
    expect(seen).toHaveLength(2);
    for (const call of seen) {
      expect(call).toMatchObject({
        code: "credentials",
        message: expect.stringContaining("gcloud auth application-default login") as string,
      });
    }
  });

  it("when GOOGLE_APPLICATION_CREDENTIALS points to nothing", async () => {
    for (const call of await twoCalls({ GOOGLE_APPLICATION_CREDENTIALS: join(empty, "nothing.json") })) {
      expect(call).toMatchObject({
        code: "credentials",
        message: expect.stringContaining("GOOGLE_APPLICATION_CREDENTIALS") as string,
      });
    }
  });

  it.each([
    ["text", "no JSON"],
    ["another JSON", '{"type":"other"}'],
    ["a key that is none", '{"type":"service_account","client_email":"a@b.c","private_key":"none"}'],
  ])("when it points to %s", async (_what, content) => {
    for (const call of await twoCalls(await credentialsFile("broken.json", content))) {
      expect(call).toMatchObject({ code: "credentials" });
    }
  });
});
