import type { Provider } from "./cloud.ts";
import { providers } from "./clouds.ts";
import type { DevPaths } from "./dev-command.ts";
import type { DevFile } from "./dev-file.ts";
import { devKeyNames } from "./dev-keys.ts";
import { table } from "./table.ts";

/** What `cmkit dev` prints when it is ready: no secret, which the file has. */
export function announcement(dev: DevFile, paths: DevPaths): string {
  const files = table([
    ["endpoints and credentials", `${paths.file} (removed at the end)`],
    ["keys for the next start", `${paths.seed} (holds key material)`],
    ["registry", `${paths.store} (kept for the next start)`],
  ]);
  const clouds = table([...providers.flatMap((provider) => rowsOf(provider, dev)), ["registry", "endpoint", dev.server.url]]);
  const next = `Next, in another terminal: npx cmkit doctor --dev ${quoted(paths.file)}`;
  return `cmkit dev is ready. Ctrl-C ends it.\n\n${files}\n${clouds}\n${next}\n`;
}

/** The same as one line of JSON. */
export function announcementJson(dev: DevFile, paths: DevPaths): string {
  const { aws, gcp, azure, oci, server } = dev;
  const shown = {
    pid: dev.pid,
    file: paths.file,
    seedFile: paths.seed,
    storeFile: paths.store,
    aws: { endpoint: aws.endpoint, region: aws.region, keys: aws.keys },
    gcp: { endpoint: gcp.endpoint, grpcEndpoint: gcp.grpcEndpoint, keys: gcp.keys },
    azure: { endpoint: azure.endpoint, tenantId: azure.tenantId, keys: azure.keys },
    oci: { endpoint: oci.endpoint, keys: oci.keys },
    server: { url: server.url },
  };
  return `${JSON.stringify(shown)}\n`;
}

function rowsOf(provider: Provider, dev: DevFile): string[][] {
  const { endpoint, keys } = dev[provider];
  const rows = [[provider, "endpoint", endpoint]];
  if (provider === "gcp") rows.push(["", "gRPC", dev.gcp.grpcEndpoint]);
  return [...rows, ...devKeyNames.map((name) => ["", name, keys[name]])];
}

function quoted(path: string): string {
  return /^[\w./:@+-]+$/.test(path) ? path : JSON.stringify(path);
}
