import { awsCloud } from "./aws-cloud.ts";
import type { Cloud, Provider } from "./cloud.ts";

/** The clouds, in the order in which they are shown. */
export const clouds: readonly Cloud[] = [awsCloud];

/** What `--provider` takes. */
export const providers: readonly Provider[] = clouds.map(({ provider }) => provider);

/** The cloud of a provider. */
export function cloudOf(provider: Provider): Cloud {
  const cloud = clouds.find((each) => each.provider === provider);
  if (cloud === undefined) throw new RangeError(`expected one of ${providers.join(", ")}`);
  return cloud;
}
