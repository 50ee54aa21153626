import type { CmkRecord, CmkStatus, Validation } from "./cmk-record.ts";

/** A CMK as the registry shows it. */
export interface RegisteredCmk {
  /** UUID. */
  readonly id: string;
  readonly project: string;
  readonly provider: string;
  /** As it was given. */
  readonly resource: string;
  readonly defaultCmk: boolean;
  readonly status: CmkStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** How the last access check ended; undefined before the first. */
  readonly validation: Validation | undefined;
}

/** What the registry shows of a CMK. */
export function shown({ isDefault, validation, ...cmk }: CmkRecord): RegisteredCmk {
  const { id, project, provider, resource, status, createdAt, updatedAt } = cmk;
  return {
    id,
    project,
    provider,
    resource,
    defaultCmk: isDefault,
    status,
    createdAt,
    updatedAt,
    validation: validation ?? undefined,
  };
}
