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
  readonly rewrap: {
    readonly dataKeys: number;
    readonly rewrapped: number;
    readonly failed: number;
    readonly opened: number;
  };
  readonly revocation: { readonly ttlMs: number; readonly lastReadMs: number; readonly lastWriteMs: number };
}

/** What the demo calls its keys. */
export const demoKeyNames = [
  ...["aws", "gcp", "azure", "oci"].flatMap((cloud) => [`${cloud} RSA-2048`, `${cloud} RSA-4096`, `${cloud} symmetric`]),
  "local AES-256",
];

/** What the demo says to people: on stdout, or beside `--json` on stderr. */
export function checkDemoText(text: string): void {
  expect(text.trimEnd().split("\n").at(-1)).toBe("0 lost");
  for (const name of demoKeyNames) expect(text).toMatch(new RegExp(`${name} +│ 1200 +│ 10800 +│ \\d+ +│ yes`));
  expect(text).toMatch(/(\d{2,}) of \1 data keys rewrapped, 0 failed; 1200 customers opened in a fresh process/);
  expect(text).toMatch(/PASSED\. The last success was .* after the request/);
  expect(text).toMatch(/email +│ swietoslawa.sliwon@shop.exa… │ cmk1\.\S+… +│ s•••@shop.example.org/);
  expect(text).toMatch(/birth_date +│ 1982-03-07 +│ cmk1\.\S+… +│ 1982/);
  expect(text).toMatch(/notes +│ .* │ (cmk1\.|null)/);
}

/** Stdout of `demo --json`: one JSON object and nothing else, with every record verified and both refusals within the TTL. */
export function checkDemoReport(stdout: string): void {
  const { keys, lost, rewrap, revocation } = JSON.parse(stdout) as DemoReport;
  expect(keys.map(({ provider, kind }) => `${provider} ${kind}`)).toEqual(demoKeyNames);
  for (const { records, fields, kmsCalls, verified } of keys) {
    expect(records).toBeGreaterThanOrEqual(1000);
    expect(fields).toBe(records * 9);
    expect(kmsCalls).toBeGreaterThan(0);
    expect(kmsCalls).toBeLessThan(60);
    expect(verified).toBe(true);
  }
  expect(lost).toBe(0);
  expect(rewrap.dataKeys).toBeGreaterThan(50);
  expect(rewrap).toEqual({ dataKeys: rewrap.dataKeys, rewrapped: rewrap.dataKeys, failed: 0, opened: 1200 });
  expect(revocation.lastReadMs).toBeLessThanOrEqual(revocation.ttlMs);
  expect(revocation.lastWriteMs).toBeLessThanOrEqual(revocation.ttlMs);
}
