/** `value` as one word of any POSIX shell, whatever it holds. */
export function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
