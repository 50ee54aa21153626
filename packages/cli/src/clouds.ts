import { awsCloud } from "./aws-cloud.ts";
import { azureCloud } from "./azure-cloud.ts";
import type { Cloud, Provider } from "./cloud.ts";
import { gcpCloud } from "./gcp-cloud.ts";
import { ociCloud } from "./oci-cloud.ts";

/** The clouds, in the order in which they are shown. */
export const clouds: readonly Cloud[] = [awsCloud, gcpCloud, azureCloud, ociCloud];

/** What `--provider` takes. */
export const providers: readonly Provider[] = clouds.map(({ provider }) => provider);

/** The cloud of a provider. */
export function cloudOf(provider: Provider): Cloud {
  const cloud = clouds.find((each) => each.provider === provider);
  if (cloud === undefined) throw new RangeError(`expected one of ${providers.join(", ")}`);
  return cloud;
}
