import { textAt } from "./strict-json.ts";

// Credentials and tokens go to it: it is loopback, or the file is not one of ours.
const loopback = String.raw`(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$`;
const plain = new RegExp(`^http://${loopback}`);
const overTls = new RegExp(`^https://${loopback}`);

/** The URL of an emulator. @throws {TypeError} without the value. */
export function endpointAt(value: unknown, path: string, scheme: "http" | "https" = "http"): string {
  return scheme === "http"
    ? textAt(value, path, plain, "a plain http URL on loopback")
    : textAt(value, path, overTls, "an https URL on loopback");
}

/** The token for its controls; new at every start. @throws {TypeError} without the value. */
export function controlTokenAt(value: unknown, path: string): string {
  return textAt(value, path, /^[\w-]{16,256}$/, "a token");
}
