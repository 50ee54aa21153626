/** The JSON form of google.protobuf.Duration, as far as it is not negative. */
export const durationPattern: RegExp = /^\d{1,10}(?:\.\d{1,9})?s$/;

/** Reads a duration such as `7776000s`. */
export function parseDuration(duration: string): number {
  return Math.round(Number(duration.slice(0, -1)) * 1000);
}

/** The inverse of {@link parseDuration}. */
export function formatDuration(ms: number): string {
  return `${ms / 1000}s`;
}

/** Writes an instant as google.protobuf.Timestamp does in JSON. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}
