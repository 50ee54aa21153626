import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

import type * as Asn1 from "@peculiar/asn1-schema";
import type * as X509 from "@peculiar/asn1-x509";

/** A certificate authority of its own and a server certificate from it, all PEM. */
export interface ThrowAwayCertificate {
  /** What a client trusts. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Which names a server certificate answers to; a name may begin with `*.`. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** The libraries that write DER: loaded when a certificate is made, not when this module is. */
interface Der {
  readonly x509: typeof X509;
  readonly asn1: typeof Asn1;
}

interface CertificateParts {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly extensions: readonly X509.Extension[];
}

const dayMs = 86_400_000;
// RFC 5758 §3.2
const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
// RFC 4519 §2.3
const commonName = "2.5.4.3";

function bytesOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function nameOf({ x509 }: Der, text: string): X509.Name {
  const value = new x509.AttributeValue({ utf8String: text });
  return new x509.Name([new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type: commonName, value })])]);
}

function extension({ x509, asn1 }: Der, extnID: string, value: object, critical = false): X509.Extension {
  return new x509.Extension({ extnID, critical, extnValue: new asn1.OctetString(asn1.AsnConvert.serialize(value)) });
}

function certificate(der: Der, parts: CertificateParts): string {
  const { x509, asn1 } = der;
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  // A serial number is positive (RFC 5280 §4.1.2.2): the first bit stays 0.
  const serialNumber = randomBytes(16);
  serialNumber[0] = (serialNumber.readUInt8(0) & 0x7f) | 0x40;
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: bytesOf(serialNumber),
    signature: algorithm,
    issuer: nameOf(der, parts.issuer),
    subject: nameOf(der, parts.subject),
    // By the system's clock, which TLS clients go by, whatever clock the emulator runs on.
    validity: new x509.Validity({ notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + 365 * dayMs) }),
    subjectPublicKeyInfo: asn1.AsnConvert.parse(
      bytesOf(parts.publicKey.export({ type: "spki", format: "der" })),
      x509.SubjectPublicKeyInfo,
    ),
    extensions: new x509.Extensions([...parts.extensions]),
  });
  const signature = sign("sha256", new Uint8Array(asn1.AsnConvert.serialize(tbsCertificate)), parts.issuerKey);
  const signed = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bytesOf(signature),
  });
  return pem(asn1.AsnConvert.serialize(signed));
}

function pem(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

// Any value that tells keys apart will do (RFC 5280 §4.2.1.2).
function keyIdentifierOf(publicKey: KeyObject): ArrayBuffer {
  return bytesOf(
    createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest()
      .subarray(0, 20),
  );
}

function authorityExtensions(der: Der, id: ArrayBuffer): readonly X509.Extension[] {
  const { x509 } = der;
  return [
    extension(der, x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
    extension(der, x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.keyCertSign), true),
    extension(der, x509.id_ce_subjectKeyIdentifier, new x509.SubjectKeyIdentifier(id)),
  ];
}

function serverExtensions(der: Der, names: CertificateNames, authorityId: ArrayBuffer): readonly X509.Extension[] {
  const { x509 } = der;
  const alternatives = [
    ...names.dns.map((dNSName) => new x509.GeneralName({ dNSName })),
    ...names.ip.map((iPAddress) => new x509.GeneralName({ iPAddress })),
  ];
  const keyIdentifier = new x509.KeyIdentifier(authorityId);
  return [
    extension(der, x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: false }), true),
    extension(der, x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature), true),
    extension(der, x509.id_ce_extKeyUsage, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
    extension(der, x509.id_ce_subjectAltName, new x509.SubjectAlternativeName(alternatives)),
    extension(der, x509.id_ce_authorityKeyIdentifier, new x509.AuthorityKeyIdentifier({ keyIdentifier })),
  ];
}

/**
 * Makes a certificate authority and a server certificate for a year. The authority's private key is dropped at once,
 * so nobody can make a second certificate that its clients would trust.
 */
export async function throwAwayCertificate(names: CertificateNames): Promise<ThrowAwayCertificate> {
  const [x509, asn1] = await Promise.all([import("@peculiar/asn1-x509"), import("@peculiar/asn1-schema")]);
  const der: Der = { x509, asn1 };
  const authority = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const server = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const issuer = `cmkit emulator CA ${randomBytes(4).toString("hex")}`;
  const id = keyIdentifierOf(authority.publicKey);
  const signedBy = { issuer, issuerKey: authority.privateKey };
  return {
    ca: certificate(der, {
      ...signedBy,
      subject: issuer,
      publicKey: authority.publicKey,
      extensions: authorityExtensions(der, id),
    }),
    cert: certificate(der, {
      ...signedBy,
      subject: "cmkit emulator",
      publicKey: server.publicKey,
      extensions: serverExtensions(der, names, id),
    }),
    key: server.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}
