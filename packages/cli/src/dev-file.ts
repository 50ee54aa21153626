import { CliError } from "./cli-error.ts";
import { type JsonFileKind, readJsonFile } from "./json-file.ts";
import { writePrivateFile } from "./private-file.ts";
import { fieldsOf, keyAt, markAt, textAt } from "./strict-json.ts";

/** What a running `cmkit dev` says of itself in `cmkit.dev.json`. Everything in it is for development and thrown away with it. */
export interface DevFile {
  /** The version of this format. */
  readonly cmkitDev: 1;
  readonly pid: number;
  /** 32 bytes, the same at every start in one directory; for `envelope({ recordKey })`. */
  readonly recordKey: Uint8Array;
  readonly aws: {
    /** Plain HTTP on loopback. */
    readonly endpoint: string;
    /** For `emulatorControl({ url: endpoint, controlToken })`; new at every start. */
    readonly controlToken: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    /** ARNs. */
    readonly keys: { readonly rsa2048: string; readonly rsa4096: string; readonly symmetric: string };
  };
}

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
    const file = fieldsOf(value, "file", ["cmkitDev", "pid", "recordKey", "aws"]);
    markAt(file.cmkitDev, "cmkitDev", 1);
    const { pid } = file;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) {
      throw new TypeError("pid: expected a process id, got something else");
    }
    return { cmkitDev: 1, pid, recordKey: keyAt(file.recordKey, "recordKey"), aws: parseAws(file.aws) };
  },
};

// The credentials and the token go to the endpoint: it is loopback, or the file is not one of ours.
const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;
const keyArn = /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/[\w-]{1,128}$/;

function parseAws(value: unknown): DevFile["aws"] {
  const aws = fieldsOf(value, "aws", ["endpoint", "controlToken", "region", "credentials", "keys"]);
  const credentials = fieldsOf(aws.credentials, "aws.credentials", ["accessKeyId", "secretAccessKey"]);
  const keys = fieldsOf(aws.keys, "aws.keys", ["rsa2048", "rsa4096", "symmetric"]);
  return {
    endpoint: textAt(aws.endpoint, "aws.endpoint", loopback, "a plain http URL on loopback"),
    controlToken: textAt(aws.controlToken, "aws.controlToken", /^[\w-]{16,256}$/, "a token"),
    region: textAt(aws.region, "aws.region", /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/, "a region"),
    credentials: {
      accessKeyId: textAt(credentials.accessKeyId, "aws.credentials.accessKeyId", /^\w{1,128}$/, "an access key id"),
      secretAccessKey: textAt(credentials.secretAccessKey, "aws.credentials.secretAccessKey", /^.{1,256}$/, "a secret"),
    },
    keys: {
      rsa2048: textAt(keys.rsa2048, "aws.keys.rsa2048", keyArn, "a key's ARN"),
      rsa4096: textAt(keys.rsa4096, "aws.keys.rsa4096", keyArn, "a key's ARN"),
      symmetric: textAt(keys.symmetric, "aws.keys.symmetric", keyArn, "a key's ARN"),
    },
  };
}
