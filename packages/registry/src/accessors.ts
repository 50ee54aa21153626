/**
 * Whom the customers grant access: the operator's own identities in the clouds, one set a deployment. Spelt as on the wire
 * and in cmkit.json. A cloud that is left out is not offered.
 */
export interface Accessors {
  readonly aws?: {
    /** ARN of the operator's IAM role. */
    readonly principal: string;
  };
  readonly gcp?: {
    /** An IAM member: an e-mail address (a group's, or a service account's, which ends in gserviceaccount.com). */
    readonly access_group: string;
  };
  readonly azure?: {
    /** Application (client) id of the operator's multi-tenant application: a UUID. */
    readonly app_id: string;
  };
  readonly oci?: {
    /** OCID of the operator's group. */
    readonly access_group: string;
    /** OCID of the operator's tenancy. */
    readonly access_tenant: string;
  };
}
