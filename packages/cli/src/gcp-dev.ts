import { controlTokenAt, endpointAt } from "./dev-endpoint.ts";
import { type DevKeys, devKeysAt } from "./dev-keys.ts";
import { fieldsOf, textAt } from "./strict-json.ts";

/** The Google Cloud emulator of a `cmkit dev`. */
export interface GcpDev {
  /** Plain HTTP on loopback: REST, and the controls. */
  readonly endpoint: string;
  /** The same for gRPC. */
  readonly grpcEndpoint: string;
  /** For `emulatorControl<GcpEmulator>({ url: endpoint, controlToken })`; new at every start. */
  readonly controlToken: string;
  readonly credentials: { readonly accessToken: string };
  /** Names of keys, without a version. */
  readonly keys: DevKeys;
}

const keyName =
  /^projects\/[a-z0-9][a-z0-9.:-]{4,100}\/locations\/[a-z][a-z0-9-]{0,62}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

/** @throws {TypeError} that says what was expected, without values. */
export function parseGcpDev(value: unknown): GcpDev {
  const gcp = fieldsOf(value, "gcp", ["endpoint", "grpcEndpoint", "controlToken", "credentials", "keys"]);
  const { accessToken } = fieldsOf(gcp.credentials, "gcp.credentials", ["accessToken"]);
  return {
    endpoint: endpointAt(gcp.endpoint, "gcp.endpoint"),
    grpcEndpoint: endpointAt(gcp.grpcEndpoint, "gcp.grpcEndpoint"),
    controlToken: controlTokenAt(gcp.controlToken, "gcp.controlToken"),
    // RFC 6750 §2.1
    credentials: { accessToken: textAt(accessToken, "gcp.credentials.accessToken", /^[\w.~+/-]{1,2048}=*$/, "an access token") },
    keys: devKeysAt(gcp.keys, "gcp.keys", keyName, "a key's name"),
  };
}
