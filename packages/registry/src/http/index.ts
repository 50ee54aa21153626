/**
 * The registry's HTTP API, as a fetch handler.
 *
 * @module
 */
export type { AccessCheckJson, GrantJson } from "./access-wire.ts";
export type { AccessorsJson, CmkJson, ValidationJson } from "./cmk-wire.ts";
export { registryApp, type RegistryApp, type RegistryAppOptions } from "./registry-app.ts";
export type { RequestEntry } from "./request-entry.ts";
export type { RetiredVersionJson, RetireJson } from "./retire-wire.ts";
export type { RewrapJson } from "./rewrap-wire.ts";
