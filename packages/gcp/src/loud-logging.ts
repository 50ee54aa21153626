import { KmsError } from "@cmkit/core";

/**
 * With this variable the SDK prints requests and answers: what is encrypted and what is decrypted, which is data keys.
 *
 * @throws {KmsError} `unsupported`: while it is set.
 */
export function refuseLoudLogging(): void {
  if ((process.env["GOOGLE_SDK_NODE_LOGGING"] ?? "") === "") return;
  const detail = "GOOGLE_SDK_NODE_LOGGING makes Google's SDK print data keys in clear; unset it";
  throw new KmsError("unsupported", { provider: "gcp", detail });
}
