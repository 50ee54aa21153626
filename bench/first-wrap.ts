// A fresh process: imports, wraps one key, says how many milliseconds that took. Usage: node first-wrap.ts cmkit|sdk SETTINGS
import { randomBytes } from "node:crypto";
import type { CloudSettings } from "./bench-clouds.ts";

const [, , side, json = ""] = process.argv;
const settings = JSON.parse(json) as CloudSettings;
const root = randomBytes(32);

const started = performance.now();
if (side === "cmkit") {
  const { cmkitKey } = await import("./cmkit-key.ts");
  await (await cmkitKey(settings)).wrapKey(root, { tenant: "acme" });
} else {
  const { bareKey } = await import("./bare-sdk.ts");
  await (await bareKey(settings)).encrypt(root);
}
process.stdout.write(String(performance.now() - started));
process.exit(0); // without waiting for connections that are kept alive
