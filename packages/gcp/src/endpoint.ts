/** The cloud's own host. Always given to the SDK, which would otherwise ask GOOGLE_CLOUD_UNIVERSE_DOMAIN. */
export const cloudHost = "cloudkms.googleapis.com";

/** Whether `endpoint` is anything but a host of Google's, such as one of Private Service Connect. */
export function isEmulated(endpoint: URL | undefined): boolean {
  return endpoint !== undefined && !endpoint.hostname.endsWith(".googleapis.com");
}

/** Where the SDK is pointed. */
export interface ServiceAddress {
  readonly apiEndpoint: string;
  readonly port: number;
  readonly protocol: "http" | "https";
}

export function serviceAddress(endpoint: URL | undefined): ServiceAddress {
  if (endpoint === undefined) return { apiEndpoint: cloudHost, port: 443, protocol: "https" };
  const protocol = endpoint.protocol === "http:" ? "http" : "https";
  const port = endpoint.port === "" ? (protocol === "http" ? 80 : 443) : Number(endpoint.port);
  return { apiEndpoint: endpoint.hostname, port, protocol };
}
