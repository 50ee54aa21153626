import { KmsError } from "@cmkit/core";

/**
 * Reads the private key of an API key before the SDK does: for a wrong passphrase the SDK's parser throws inside an event,
 * where nothing can catch it, and the process ends.
 *
 * @returns PEM without a passphrase.
 * @throws {KmsError} `credentials`
 */
export async function plainPrivateKey(pem: string, passphrase: string | null): Promise<string> {
  const { createPrivateKey } = await import("node:crypto");
  const read = async (): Promise<ReturnType<typeof createPrivateKey>> =>
    createPrivateKey({ key: pem, format: "pem", ...(passphrase !== null && { passphrase }) });
  const key = await read().catch((error: unknown) => refuse(whatIsWrong(pem, passphrase), error));
  if (key.asymmetricKeyType !== "rsa")
    return refuse("requests to OCI are signed with an RSA key, and the private key is another");
  return key.export({ type: "pkcs8", format: "pem" });
}

function whatIsWrong(pem: string, passphrase: string | null): string {
  if (passphrase !== null) return "the passphrase does not open the private key, or it is not PEM";
  return pem.includes("ENCRYPTED") // in the first or second line: RFC 7468 §11, RFC 1421 §4.6.1.1
    ? "the private key is encrypted: give its passphrase (pass_phrase in a config file)"
    : "the private key is not PEM: give the key itself, not its path";
}

function refuse(detail: string, cause?: unknown): never {
  throw new KmsError("credentials", { provider: "oci", detail, cause });
}
