import { type AwsDev, parseAwsDev } from "./aws-dev.ts";
import { type AzureDev, parseAzureDev } from "./azure-dev.ts";
import { CliError } from "./cli-error.ts";
import { type DevServer, parseDevServer } from "./dev-server.ts";
import { type GcpDev, parseGcpDev } from "./gcp-dev.ts";
import { type JsonFileKind, readJsonFile } from "./json-file.ts";
import { type OciDev, parseOciDev } from "./oci-dev.ts";
import { writePrivateFile } from "./private-file.ts";
import { fieldsOf, keyAt, markAt } from "./strict-json.ts";

/** What a running `cmkit dev` says of itself in `cmkit.dev.json`. Everything in it is for development and thrown away with it. */
export interface DevFile {
  /** The version of this format. */
  readonly cmkitDev: 3;
  readonly pid: number;
  /** 32 bytes, the same at every start in one directory; for `envelope({ recordKey })`. */
  readonly recordKey: Uint8Array;
  readonly aws: AwsDev;
  readonly gcp: GcpDev;
  readonly azure: AzureDev;
  readonly oci: OciDev;
  readonly server: DevServer;
}

/** Its emulators. */
export type DevClouds = Pick<DevFile, "aws" | "gcp" | "azure" | "oci">;

/**
 * Reads the `cmkit.dev.json` of a running `cmkit dev`.
 *
 * @param path Relative to the working directory.
 * @throws {CliError} `refused`: there is no such file (run `cmkit dev`), or it is not one; never with a value out of it.
 */
export async function readDevFile(path: string): Promise<DevFile> {
  const dev = await findDevFile(path);
  if (dev !== undefined) return dev;
  throw new CliError("refused", `There is no file ${path}.`, "Start the emulators with `cmkit dev` and leave it running.");
}

/** As {@link readDevFile}, but undefined when there is no such file. */
export async function findDevFile(path: string): Promise<DevFile | undefined> {
  return readJsonFile(path, devFileKind);
}

/** Writes it for its owner alone. */
export async function writeDevFile(path: string, dev: DevFile): Promise<void> {
  const recordKey = Buffer.from(dev.recordKey).toString("base64url");
  await writePrivateFile(path, `${JSON.stringify({ ...dev, recordKey }, null, 2)}\n`);
}

const devFileKind: JsonFileKind<DevFile> = {
  what: "the file of a running `cmkit dev`",
  mend: "Remove it, and start `cmkit dev` again to have it written anew.",
  parse: (value) => {
    // The mark first: a file of another version has other fields.
    const mark = typeof value === "object" && value !== null && "cmkitDev" in value ? value.cmkitDev : 3;
    markAt(mark, "cmkitDev", 3);
    const file = fieldsOf(value, "file", ["cmkitDev", "pid", "recordKey", "aws", "gcp", "azure", "oci", "server"]);
    const { pid } = file;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) {
      throw new TypeError("pid: expected a process id, got something else");
    }
    return {
      cmkitDev: 3,
      pid,
      recordKey: keyAt(file.recordKey, "recordKey"),
      aws: parseAwsDev(file.aws),
      gcp: parseGcpDev(file.gcp),
      azure: parseAzureDev(file.azure),
      oci: parseOciDev(file.oci),
      server: parseDevServer(file.server),
    };
  },
};
