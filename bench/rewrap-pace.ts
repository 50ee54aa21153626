import { awsEmulator } from "@cmkit/emulators";
import type { BenchPostgres } from "./bench-postgres.ts";
import { round3, type Row } from "./measure.ts";
import { rewrapInProcesses } from "./rewrap-processes.ts";
import { fillProject } from "./rewrap-fill.ts";
import type { RewrapSettings } from "./rewrap-world.ts";

const perSecond = 300;
const seconds = 60;
const processes = 4;
/** A data key's two requests to the key that it moves to: wrap, and unwrap to compare. */
const requestsEach = 2;

/** How near to a quota a rewrap goes, and whether it keeps it, as an emulator of AWS KMS counts the seconds. */
export async function rewrapPaceRows(postgres: BenchPostgres, settings: RewrapSettings): Promise<Row[]> {
  const emulator = await awsEmulator();
  try {
    const resource = emulator.keyArn("alias/cmkit-symmetric");
    const { url: endpoint, credentials } = emulator;
    const paced = { ...settings, cloud: { provider: "aws", resource, endpoint, credentials } } as const;
    const dataKeys = Math.ceil((perSecond * (seconds + 5)) / requestsEach);
    const cmks = await fillProject(postgres, paced, "paced", dataKeys);
    emulator.faults.add({ fault: "rate-limit", operation: "cryptographic", perSecond });
    await rewrapInProcesses(processes, { settings: paced, project: "paced", cmks, requestsPerSecond: perSecond });
    const counts = emulator.requestSeconds().map(({ requests }) => requests);
    const whole = counts.slice(1, -1); // the first and the last second were not used from end to end
    const row = (name: string, cmkit: number): Row => {
      const label = `${processes} processes, ${perSecond} requests/s allowed: ${name}`;
      return {
        group: "rewrap",
        name: label,
        unit: "1/s",
        cmkit: round3(cmkit),
        peer: perSecond,
        ratio: round3(cmkit / perSecond),
        rounds: whole.length,
      };
    };
    return [
      row("on the average", whole.reduce((sum, count) => sum + count, 0) / whole.length),
      row("in the busiest second", Math.max(...counts)),
    ];
  } finally {
    await emulator.close();
  }
}
