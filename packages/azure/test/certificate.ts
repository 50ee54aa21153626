import { generateKeyPairSync, sign } from "node:crypto";

const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
const text = (tag: number, value: string): Uint8Array => der(tag, Buffer.from(value));

const ecdsaWithSha256 = sequence(Buffer.from("06082a8648ce3d040302", "hex")); // RFC 5758 §3.2
const subjectAltName = Buffer.from("0603551d11", "hex"); // RFC 5280 §4.2.1.6
const commonName = Buffer.from("0603550403", "hex");
const name = sequence(der(0x31, sequence(commonName, text(0x0c, "cmkit test"))));
const validity = sequence(text(0x17, "200101000000Z"), text(0x18, "20991231235959Z"));

/** A self-signed certificate for these hosts (RFC 5280 §4.1), as PEM: its own certificate authority. */
export function selfSigned(hosts: readonly string[]): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = sequence(...hosts.map((host) => text(0x82, host)));
  const extensions = der(0xa3, sequence(sequence(subjectAltName, der(0x04, names))));
  const spki = publicKey.export({ format: "der", type: "spki" });
  const version3 = der(0xa0, der(0x02, Uint8Array.of(2)));
  const body = sequence(version3, der(0x02, Uint8Array.of(1)), ecdsaWithSha256, name, validity, name, spki, extensions);
  const signature = der(0x03, Uint8Array.of(0), sign("sha256", body, privateKey));
  const base64 = Buffer.from(sequence(body, ecdsaWithSha256, signature)).toString("base64");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: "pem", type: "pkcs8" }),
  };
}
