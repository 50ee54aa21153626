/** The emulator's token for a scope. In a file of its own: a process that is timed must not import the emulators. */
export function tokenFor(
  scopes: string | readonly string[],
  accessTokens: Readonly<Record<string, string>>,
): { token: string; expiresOnTimestamp: number } {
  return { token: accessTokens[[scopes].flat().join().replace("/.default", "")] ?? "", expiresOnTimestamp: Date.now() + 600_000 };
}
