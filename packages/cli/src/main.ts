#!/usr/bin/env node
// Nothing but this check is imported before it: an older Node would fail on the rest in its own words.
const wanted: readonly [number, number] = [22, 18];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  process.stderr.write(`cmkit needs Node.js ${wanted.join(".")} or later; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  const { isMainThread } = await import("node:worker_threads");
  if (!isMainThread) {
    // `cmkit seal --jobs` starts its threads here.
    const { rowWorker } = await import("./row-worker.ts");
    await rowWorker();
  } else if (process.argv[2] === "drill-process" && process.connected) {
    // `cmkit drill` starts its processes here.
    const { drillProcess } = await import("./drill-process.ts");
    await drillProcess();
  } else {
    const { runInProcess } = await import("./process.ts");
    process.exitCode = await runInProcess();
  }
}
