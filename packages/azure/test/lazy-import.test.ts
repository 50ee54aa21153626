import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "./certificate.ts";
import { keyUrl } from "./samples.ts";
import { goodChallenge } from "./scripted-server.ts";

const run = promisify(execFile);
let directory = "";

/** Runs a program beside a copy of this package, where `@cmkit/core` is installed and of Azure's packages what the test links. */
async function runAlone(program: string): Promise<unknown> {
  const file = join(directory, "main.ts");
  await writeFile(file, program);
  const { stdout } = await run(process.execPath, ["--conditions=@cmkit/source", file], { cwd: directory });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cmkit-azure-"));
  await writeFile(join(directory, "package.json"), '{"type":"module"}');
  await cp(new URL("../src", import.meta.url), join(directory, "src"), { recursive: true });
  await mkdir(join(directory, "node_modules", "@cmkit"), { recursive: true });
  await symlink(new URL("../../core", import.meta.url), join(directory, "node_modules", "@cmkit", "core"));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const failing = (options: string): string => `
  import { multiCloudKms } from "@cmkit/core";
  import { azure } from "./src/index.ts";
  const kms = multiCloudKms({ adapters: [azure(${options})] });
  const key = kms.open({ provider: "azure", resource: "${keyUrl}" });
  const error = await key.describe().catch((thrown) => thrown);
  console.log(JSON.stringify({ resource: key.cmk.resource, code: error.code, message: error.message }));
  await kms.close();
`;

describe("without Azure's packages", () => {
  it("the package imports, opens keys, and says at the first call what to install", async () => {
    const answer = await runAlone(failing(""));
    expect(answer).toMatchObject({ resource: keyUrl, code: "adapter-missing" });
    expect(answer).toMatchObject({ message: expect.stringContaining("npm install @azure/keyvault-keys") as string });
  });

  it("with the SDK alone it says what gives the default credential", async () => {
    const sdk = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.resolve("@azure/keyvault-keys"))))));
    await mkdir(join(directory, "node_modules", "@azure"), { recursive: true });
    await symlink(join(sdk, "keyvault-keys"), join(directory, "node_modules", "@azure", "keyvault-keys"));
    const { cert, key } = selfSigned(["*.vault.azure.net"]);
    const server = `
      import { createServer } from "node:https";
      const header = ${JSON.stringify(goodChallenge)};
      const server = createServer(${JSON.stringify({ cert, key })}, (request, response) => {
        response.writeHead(401, { "www-authenticate": header, connection: "close" }).end();
      });
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      const options = { endpoint: "https://127.0.0.1:" + server.address().port, ca: ${JSON.stringify(cert)} };
    `;
    const answer = await runAlone(`${server}${failing("options")}server.close();`);
    expect(answer).toMatchObject({ code: "adapter-missing" });
    expect(answer).toMatchObject({ message: expect.stringContaining("npm install @azure/identity") as string });
  });
});
