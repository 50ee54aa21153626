import { expect } from "vitest";

interface DemoReport {
  readonly keys: readonly {
    provider: string;
    kind: string;
    records: number;
    fields: number;
    kmsCalls: number;
    verified: boolean;
  }[];
  readonly lost: number;
  readonly revocation: { readonly ttlMs: number; readonly lastReadMs: number; readonly lastWriteMs: number };
}

/** What the demo calls its keys. */
export const demoKeyNames = [
  ...["aws", "gcp", "azure", "oci"].flatMap((cloud) => [`${cloud} RSA-2048`, `${cloud} RSA-4096`, `${cloud} symmetric`]),
  "local AES-256",
];

/** Stdout of `demo --json`: one JSON object and nothing else, with every record verified and both refusals within the TTL. */
export function checkDemoReport(stdout: string): void {
  const { keys, lost, revocation } = JSON.parse(stdout) as DemoReport;
  expect(keys.map(({ provider, kind }) => `${provider} ${kind}`)).toEqual(demoKeyNames);
  for (const { records, fields, kmsCalls, verified } of keys) {
    expect(records).toBeGreaterThanOrEqual(1000);
    expect(fields).toBe(records * 9);
    expect(kmsCalls).toBeGreaterThan(0);
    expect(kmsCalls).toBeLessThan(30);
    expect(verified).toBe(true);
  }
  expect(lost).toBe(0);
  expect(revocation.lastReadMs).toBeLessThanOrEqual(revocation.ttlMs);
  expect(revocation.lastWriteMs).toBeLessThanOrEqual(revocation.ttlMs);
}
