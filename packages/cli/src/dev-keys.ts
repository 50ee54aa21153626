import { fieldsOf, textAt } from "./strict-json.ts";

/** The keys of one cloud in a `cmkit dev`, each by what the `resource` of its CMK is. */
export interface DevKeys {
  readonly rsa2048: string;
  readonly rsa4096: string;
  readonly symmetric: string;
}

/** Their names in a {@link DevKeys}. */
export const devKeyNames = ["rsa2048", "rsa4096", "symmetric"] as const;

/** Reads them strictly. @throws {TypeError} without a value. */
export function devKeysAt(value: unknown, path: string, pattern: RegExp, expected: string): DevKeys {
  const keys = fieldsOf(value, path, devKeyNames);
  const key = (name: keyof DevKeys): string => textAt(keys[name], `${path}.${name}`, pattern, expected);
  return { rsa2048: key("rsa2048"), rsa4096: key("rsa4096"), symmetric: key("symmetric") };
}
