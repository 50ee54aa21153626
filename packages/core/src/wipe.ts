/** Overwrites key bytes that are no longer needed. Copies that the engine or an SDK made stay out of reach. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
