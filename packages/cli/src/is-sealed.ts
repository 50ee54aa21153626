import { fromText, inspectSealed, isKmsError } from "@cmkit/core";

const textPrefix = "cmk1.";

/** Whether a value is the text of a sealed message, and not merely text that begins like one. */
export function isSealed(value: unknown): boolean {
  if (typeof value !== "string" || !value.startsWith(textPrefix)) return false; // an error for each value would take time
  try {
    inspectSealed(fromText(value));
    return true;
  } catch (error) {
    if (isKmsError(error)) return false;
    throw error;
  }
}
