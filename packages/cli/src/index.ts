export { CliError, type CliErrorCode } from "./cli-error.ts";
export { devAdapters } from "./dev-adapters.ts";
export { readDevFile, type DevFile } from "./dev-file.ts";
