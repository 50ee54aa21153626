import { z } from "@hono/zod-openapi";

import type { Accessors } from "../accessors.ts";
import type { Validation } from "../cmk-record.ts";
import type { RegisteredCmk } from "../registered-cmk.ts";

/** The providers that HTTP takes: `local` keys are for code alone. */
export const wireProviders = ["aws", "gcp", "azure", "oci"] as const;
const statuses = ["current", "old", "deleted"] as const;
const phases = ["describe", "public-key", "wrap", "unwrap", "context", "done"] as const;

/** A CMK on the wire: these seven fields always. */
export interface CmkJson {
  readonly id: string;
  readonly provider: string;
  readonly resource: string;
  readonly default_cmk: boolean;
  readonly status: (typeof statuses)[number];
  /** RFC 3339, UTC. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** How an access check ended. */
export interface ValidationJson {
  /** The phase that failed, or `done`. */
  readonly phase: (typeof phases)[number];
  /** `ok`, or a code of docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly since: string;
  readonly checked_at: string;
}

/** Whom the customers grant access, a cloud. `role_arn` is `principal` under the name that Aiven's documentation has for it. */
export interface AccessorsJson {
  readonly aws?: { readonly principal: string; readonly role_arn: string } | undefined;
  readonly gcp?: { readonly access_group: string } | undefined;
  readonly azure?: { readonly app_id: string } | undefined;
  readonly oci?: { readonly access_group: string; readonly access_tenant: string } | undefined;
}

const moment = z.iso.datetime().openapi({ description: "RFC 3339, UTC.", example: "2026-05-05T10:55:52.719Z" });
export const exampleResource = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const cmkFields = {
  id: z.uuid().openapi({ example: "5b0d6b9e-6f0f-4f0e-9a55-0d6f6d1c7a11" }),
  provider: z
    .string()
    .openapi({ description: "aws, gcp, azure or oci; another one only if code registered it.", example: "aws" }),
  resource: z.string().min(1).max(512).openapi({ description: "As it was given.", example: exampleResource }),
  default_cmk: z.boolean().openapi({ description: "Whether new data keys are wrapped under it." }),
  status: z.enum(statuses).openapi({ description: "`current` wraps and unwraps, `old` only unwraps, `deleted` neither." }),
  created_at: moment,
  updated_at: moment,
};

export const cmkSchema: z.ZodType<CmkJson> = z.object(cmkFields).openapi("Cmk");

export const validationSchema: z.ZodType<ValidationJson> = z
  .object({
    phase: z.enum(phases).openapi({ description: "The phase that failed, or `done`." }),
    code: z.string().openapi({ description: "`ok`, or an error code about the key.", example: "access-denied" }),
    message: z.string(),
    since: moment.openapi({ description: "Since when every check has ended so." }),
    checked_at: moment,
  })
  .openapi("Validation");

export const checkedCmkSchema: z.ZodType<CmkJson & { readonly validation: ValidationJson }> = z
  .object({ ...cmkFields, validation: validationSchema })
  .openapi("CheckedCmk");

/** One CMK, asked for by its id. */
export type ShownCmkJson = CmkJson & { readonly validation?: ValidationJson | undefined };

export const shownCmkSchema: z.ZodType<ShownCmkJson> = z
  .object({
    ...cmkFields,
    validation: z
      .optional(validationSchema)
      .openapi({ description: "How the last access check ended; absent before the first." }),
  })
  .openapi("ShownCmk");

export const accessorsSchema: z.ZodType<AccessorsJson> = z
  .object({
    aws: z.object({ principal: z.string(), role_arn: z.string() }).optional(),
    gcp: z.object({ access_group: z.string() }).optional(),
    azure: z.object({ app_id: z.string() }).optional(),
    oci: z.object({ access_group: z.string(), access_tenant: z.string() }).optional(),
  })
  .openapi("Accessors");

export function cmkJson({ id, provider, resource, defaultCmk, status, createdAt, updatedAt }: RegisteredCmk): CmkJson {
  return {
    id,
    provider,
    resource,
    default_cmk: defaultCmk,
    status,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

export function shownCmkJson(cmk: RegisteredCmk): ShownCmkJson {
  const { validation } = cmk;
  return { ...cmkJson(cmk), ...(validation && { validation: validationJson(validation) }) };
}

export function validationJson({ phase, code, message, since, checkedAt }: Validation): ValidationJson {
  return { phase, code, message, since: since.toISOString(), checked_at: checkedAt.toISOString() };
}

export function accessorsJson({ aws, gcp, azure, oci }: Accessors): AccessorsJson {
  return {
    aws: aws && { principal: aws.principal, role_arn: aws.principal },
    gcp: gcp && { access_group: gcp.access_group },
    azure: azure && { app_id: azure.app_id },
    oci: oci && { access_group: oci.access_group, access_tenant: oci.access_tenant },
  };
}
