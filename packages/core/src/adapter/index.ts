/**
 * What adapters share beside the contract: rules about hosts, each in one place.
 *
 * @module
 */
export { checkedEndpoint } from "./checked-endpoint.ts";
export { directFetch, type DirectRequest } from "./direct-fetch.ts";
