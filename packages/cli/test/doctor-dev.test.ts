import { expect, it } from "vitest";

import { workshop } from "./workshop.ts";

it("cmkit doctor --dev tells a key that is disabled from emulators that are gone, and exits with 1 for either", async () => {
  const shop = await workshop(); // of the four emulators, that of AWS alone is there
  shop.emulator.disableKey(shop.key);
  const { exitCode, stdout } = await shop.cmkit(["doctor", "--dev", "cmkit.dev.json"]);
  expect(exitCode).toBe(1);
  for (const name of ["rsa2048", "rsa4096", "symmetric"]) {
    const disabled = `^wrong +dev aws ${name} +disabled, symmetric 256, emulated: enable it, or move the seed file away`;
    expect(stdout).toMatch(new RegExp(disabled, "m"));
    for (const provider of ["gcp", "azure", "oci"]) {
      const gone = `^wrong +dev ${provider} ${name} +${provider}: .*: start \`cmkit dev\` again$`;
      expect(stdout).toMatch(new RegExp(gone, "m"));
    }
  }
  expect(stdout).toMatch(/^wrong +dev registry +does not answer: start `cmkit dev` again$/m);
  expect(stdout).toMatch(/\n13 to mend\.\n$/);
});
