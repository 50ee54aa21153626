import { controlTokenAt, endpointAt } from "./dev-endpoint.ts";
import { type DevKeys, devKeysAt } from "./dev-keys.ts";
import { fieldsOf, textAt } from "./strict-json.ts";

/** The OCI emulator of a `cmkit dev`. */
export interface OciDev {
  /** Plain HTTP on loopback, for the cryptography and the management of every vault. */
  readonly endpoint: string;
  /** For `emulatorControl<OciEmulator>({ url: endpoint, controlToken })`; new at every start. */
  readonly controlToken: string;
  /** An API key. */
  readonly credentials: {
    readonly tenancy: string;
    readonly user: string;
    readonly fingerprint: string;
    /** PEM. */
    readonly privateKey: string;
  };
  /** OCIDs. */
  readonly keys: DevKeys;
}

const keyOcid = /^ocid1\.key\.oc\d{1,3}\.[a-z0-9-]{2,32}\.[a-z0-9]{6,32}\.[a-z0-9]{60}$/;
const owner = String.raw`\.oc\d{1,3}\.[a-z0-9-]{0,32}\.[a-z0-9]{1,100}$`;
const fingerprint = /^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/;
const privateKeyPem = /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{1,8192}-----END PRIVATE KEY-----\n?$/;

/** @throws {TypeError} that says what was expected, without values. */
export function parseOciDev(value: unknown): OciDev {
  const oci = fieldsOf(value, "oci", ["endpoint", "controlToken", "credentials", "keys"]);
  const path = "oci.credentials";
  const credentials = fieldsOf(oci.credentials, path, ["tenancy", "user", "fingerprint", "privateKey"]);
  const ownerAt = (type: "tenancy" | "user"): string =>
    textAt(credentials[type], `${path}.${type}`, new RegExp(`^ocid1\\.${type}${owner}`), `the OCID of a ${type}`);
  return {
    endpoint: endpointAt(oci.endpoint, "oci.endpoint"),
    controlToken: controlTokenAt(oci.controlToken, "oci.controlToken"),
    credentials: {
      tenancy: ownerAt("tenancy"),
      user: ownerAt("user"),
      fingerprint: textAt(credentials.fingerprint, `${path}.fingerprint`, fingerprint, "a key's fingerprint"),
      privateKey: textAt(credentials.privateKey, `${path}.privateKey`, privateKeyPem, "the PEM of a private key"),
    },
    keys: devKeysAt(oci.keys, "oci.keys", keyOcid, "a key's OCID"),
  };
}
