/**
 * What adapters share beside the contract, each rule in one place.
 *
 * @module
 */
export { boundedCache, type BoundedCache } from "./bounded-cache.ts";
export { checkedEndpoint } from "./checked-endpoint.ts";
export { directFetch, type DirectRequest } from "./direct-fetch.ts";
