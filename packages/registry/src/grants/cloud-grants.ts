import type { Grant, GrantRequest } from "../grant.ts";
import type { KeyUse } from "./key-use.ts";

/** What is particular to one cloud. */
export interface CloudGrants {
  /**
   * The forms in which a customer can allow `uses`, the usual one first.
   * @param missing True when the other uses are allowed already.
   * @throws {RegistryError} `invalid-request`: no accessor, or no key, of this cloud.
   */
  grants(request: GrantRequest, uses: readonly KeyUse[], missing: boolean): readonly Grant[];

  /** The cloud's own name of what one use needs. */
  permission(request: GrantRequest, use: KeyUse): string;
}
