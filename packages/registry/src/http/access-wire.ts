import { z } from "@hono/zod-openapi";

import type { AccessReport } from "../access-report.ts";
import type { Grant } from "../grant.ts";
import { checkedCmkSchema, cmkJson, validationJson, type CmkJson, type ValidationJson } from "./cmk-wire.ts";

/** Text that a customer pastes. */
export interface GrantJson {
  readonly form: string;
  readonly title: string;
  readonly language: "json" | "sh" | "hcl" | "text";
  readonly text: string;
}

/** What an access check answers, passed or not. */
export interface AccessCheckJson {
  readonly cmk: CmkJson & { readonly validation: ValidationJson };
  /** Null unless a permission is what is missing. */
  readonly missing: { readonly permission: string; readonly grants: readonly GrantJson[] } | null;
  readonly lints: readonly { readonly code: string; readonly severity: "warning" | "notice"; readonly message: string }[];
}

export const grantSchema: z.ZodType<GrantJson> = z
  .object({
    form: z.string().openapi({ example: "aws-key-policy" }),
    title: z.string(),
    language: z.enum(["json", "sh", "hcl", "text"]),
    text: z.string().openapi({ description: "Ready to paste." }),
  })
  .openapi("Grant");

const missingSchema = z
  .object({ permission: z.string().openapi({ example: "kms:Decrypt" }), grants: z.array(grantSchema) })
  .openapi("MissingGrant");

const lintSchema = z.object({ code: z.string(), severity: z.enum(["warning", "notice"]), message: z.string() }).openapi("Lint");

export const accessCheckSchema: z.ZodType<AccessCheckJson> = z
  .object({ cmk: checkedCmkSchema, missing: z.union([missingSchema, z.null()]), lints: z.array(lintSchema) })
  .openapi("AccessCheck");

export function grantJson({ form, title, language, text }: Grant): GrantJson {
  return { form, title, language, text };
}

export function accessCheckJson({ cmk, missing, lints }: AccessReport): AccessCheckJson {
  return {
    cmk: { ...cmkJson(cmk), validation: validationJson(cmk.validation) },
    missing: missing === undefined ? null : { permission: missing.permission, grants: missing.grants.map(grantJson) },
    lints: lints.map(({ code, severity, message }) => ({ code, severity, message })),
  };
}
