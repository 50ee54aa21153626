/** One of AWS's separate clouds. */
export interface Partition {
  /** The second part of its ARNs. */
  readonly id: string;
  /** What its regions look like. */
  readonly regions: RegExp;
  /** What the names of its hosts end in. */
  readonly dnsSuffix: string;
}

/**
 * Every partition, as the AWS SDK 3.1162 has them (`partitions.js`), with words of lower-case letters where it takes `\w`.
 * A region of a new pattern is refused until it is added: the SDK itself would send it to amazonaws.com.
 */
export const partitions: readonly Partition[] = [
  { id: "aws", regions: /^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d{1,2}$/, dnsSuffix: "amazonaws.com" },
  { id: "aws-cn", regions: /^cn-[a-z]+-\d{1,2}$/, dnsSuffix: "amazonaws.com.cn" },
  { id: "aws-us-gov", regions: /^us-gov-[a-z]+-\d{1,2}$/, dnsSuffix: "amazonaws.com" },
  { id: "aws-eusc", regions: /^eusc-de-[a-z]+-\d{1,2}$/, dnsSuffix: "amazonaws.eu" },
  { id: "aws-iso", regions: /^us-iso-[a-z]+-\d{1,2}$/, dnsSuffix: "c2s.ic.gov" },
  { id: "aws-iso-b", regions: /^us-isob-[a-z]+-\d{1,2}$/, dnsSuffix: "sc2s.sgov.gov" },
  { id: "aws-iso-e", regions: /^eu-isoe-[a-z]+-\d{1,2}$/, dnsSuffix: "cloud.adc-e.uk" },
  { id: "aws-iso-f", regions: /^us-isof-[a-z]+-\d{1,2}$/, dnsSuffix: "csp.hci.ic.gov" },
];
