/** The lifecycle states of the API, of which `UPDATING`, `BACKUP_IN_PROGRESS` and `RESTORING` are of keys alone. */
export type LifecycleState =
  | "CREATING"
  | "ENABLING"
  | "ENABLED"
  | "DISABLING"
  | "DISABLED"
  | "DELETING"
  | "DELETED"
  | "PENDING_DELETION"
  | "SCHEDULING_DELETION"
  | "CANCELLING_DELETION"
  | "UPDATING"
  | "BACKUP_IN_PROGRESS"
  | "RESTORING";

/** All of them. */
export const lifecycleStates: readonly LifecycleState[] = [
  "CREATING",
  "ENABLING",
  "ENABLED",
  "DISABLING",
  "DISABLED",
  "DELETING",
  "DELETED",
  "PENDING_DELETION",
  "SCHEDULING_DELETION",
  "CANCELLING_DELETION",
  "UPDATING",
  "BACKUP_IN_PROGRESS",
  "RESTORING",
];

/** The part of a key or key version that its state follows from. */
export interface Lifecycle {
  /** The state without a deletion, which comes back when the deletion is cancelled. */
  settled: LifecycleState;
  deletionAtMs: number | undefined;
}

const dayMs = 86_400_000;

/** What a seed says of a state: `PENDING_DELETION` and `DELETED` are an enabled resource with an instant of deletion. */
export function lifecycleOf(
  seed: { readonly lifecycleState?: LifecycleState; readonly timeOfDeletion?: string },
  nowMs: number,
): Lifecycle {
  const { lifecycleState: state = "ENABLED", timeOfDeletion } = seed;
  const given = timeOfDeletion === undefined ? undefined : Date.parse(timeOfDeletion);
  if (state === "PENDING_DELETION") return { settled: "ENABLED", deletionAtMs: given ?? nowMs + 30 * dayMs };
  if (state === "DELETED") return { settled: "ENABLED", deletionAtMs: Math.min(given ?? nowMs, nowMs) };
  return { settled: state, deletionAtMs: given };
}

/** The state at an instant. */
export function stateAt({ settled, deletionAtMs }: Lifecycle, nowMs: number): LifecycleState {
  if (deletionAtMs === undefined) return settled;
  return deletionAtMs > nowMs ? "PENDING_DELETION" : "DELETED";
}
