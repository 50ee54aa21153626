// What was run and what it printed, as a page. What differs from run to run, or names this machine, becomes a placeholder.

/** @param places What each directory is called instead, longest paths first. */
export function packedTranscript(places) {
  const lines = [];
  const scrub = (output) =>
    places
      .reduce((text, [path, name]) => text.replaceAll(path, name), output)
      .replace(/^npm warn.*\n/gm, "")
      .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
      .replace(/in \d+(\.\d+)? ?m?s\b/g, "in TIME")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID")
      .replace(/(ocid1\.key\.oc1\.[a-z0-9-]+)\.[a-z0-9]+\.[a-z0-9]{60}/g, "$1.VAULT.UNIQUE")
      .replace(/cmk1\.[A-Za-z0-9_-]{12,}/g, "cmk1.CIPHERTEXT")
      .replace(/pid \d+/g, "pid PID");

  return {
    note: (line) => void lines.push(line, ""),
    block(command, output, status) {
      const shown = scrub(output).trimEnd();
      process.stdout.write(`$ ${command}\n${shown}\n`);
      const exit = status === 0 ? [] : [`(exit ${status})`];
      lines.push("```console", `$ ${command}`, ...(shown === "" ? [] : [shown]), ...exit, "```", "");
    },
    page: () =>
      `# Installing the packed packages\n\nWritten by \`npm run test:packed\`; what differs from run to run is replaced by words in capitals.\n\n${lines.join("\n").trimEnd()}\n`,
  };
}
