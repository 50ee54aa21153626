import { goCommand } from "./go-module.ts";
import type { Peer } from "./peer.ts";

const { install } = goCommand("github.com/calvinchengx/azure-keyvault-emulator/cmd/azure-keyvault-emulator@v0.7.0");

/** Azure Key Vault in Go. It could not be had where this was written, so that there is nothing yet to try with it. */
export const azureKeyvaultEmulator: Peer = {
  name: "azure-keyvault-emulator",
  from: "github.com/calvinchengx/azure-keyvault-emulator v0.7.0, a Go module",
  caseCount: 1,
  deviations: {},
  untried: true,
  install,
  async start() {
    const skipped = "it can be installed here, but nobody has written what to try with it";
    return { cases: [{ name: "the conformance suite", skipped, run: async () => {} }], stop: async () => {} };
  },
};
