import type { KeyKind, Provider } from "./cmk.ts";
import { parseSealed, tagBytes, type Profile } from "./sealed-message.ts";

/** What a sealed message says about itself. None of it is authenticated until the message has been opened. */
export interface SealedInspection {
  readonly profile: Profile;
  readonly algorithm: "A256GCM";
  /** Hexadecimal. */
  readonly dataKeyId: string;
  /** Hexadecimal. */
  readonly iv: string;
  readonly plaintextBytes: number;
  readonly sealedBytes: number;
  /** Portable only: hexadecimal, null without one. */
  readonly originTag: string | null;
  /** Portable only. */
  readonly recipients: readonly {
    readonly provider: Provider;
    readonly resource: string;
    readonly kind: KeyKind;
    readonly keyVersion: string | null;
    readonly wrappedBytes: number;
  }[];
}

/** Reads what can be read without any secret. @throws {KmsError} `malformed` */
export function inspectSealed(sealed: Uint8Array): SealedInspection {
  const { profile, id, iv, ciphertext, origin, recipients } = parseSealed(sealed);
  return {
    profile,
    algorithm: "A256GCM",
    dataKeyId: hex(id),
    iv: hex(iv),
    plaintextBytes: ciphertext.length - tagBytes,
    sealedBytes: sealed.length,
    originTag: origin && hex(origin),
    recipients: recipients.map(({ cmk, kind = "symmetric", keyVersion, bytes }) => ({
      ...cmk,
      kind,
      keyVersion,
      wrappedBytes: bytes.length,
    })),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
