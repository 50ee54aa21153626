// Vitest prints no plain closing line: this reporter ends a run with `N passed, N failed`, and says before it why tests were skipped.
export default class ClosingLine {
  onTestRunEnd(modules, errors) {
    let passed = 0;
    let failed = errors.length;
    const skipped = new Map();
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state, note = "no reason given" } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else skipped.set(note, [...(skipped.get(note) ?? []), test.fullName]);
      }
    }
    for (const [reason, names] of skipped) process.stdout.write(`skipped ${names.length}, such as "${names[0]}": ${reason}\n`);
    const skips = [...skipped.values()].flat().length;
    process.stdout.write(`\n${passed} passed, ${failed} failed${skips > 0 ? `, ${skips} skipped` : ""}\n`);
  }
}
