/** Two spaces before each line that is not empty. Lines end in \n alone: a value may hold other separators, which stay as they are. */
export function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
}
