import { createRequire } from "node:module";

interface Sshpk {
  parsePrivateKey(pem: string, format: "pem"): object;
  identityFromDN(dn: string): object;
  createSelfSignedCertificate(subject: object, key: object): { toString(format: "pem"): string };
}

/** The SDK's own dependency, borrowed for its certificates: Node makes none. */
export const sshpk = createRequire(createRequire(import.meta.url).resolve("oci-common"))("sshpk") as Sshpk;
