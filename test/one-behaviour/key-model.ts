import type { KmsErrorCode } from "@cmkit/core";

/** What a customer can do to a key, and what we do with it. */
export type Step =
  | { readonly do: "wrap" | "generate" | "describe" }
  | { readonly do: "unwrap"; readonly which: number; readonly context: "same" | "other" }
  | { readonly do: "forget" | "rotate" | "disable" | "enable" | "schedule deletion" | "deny" | "allow" }
  | { readonly do: "cancel deletion"; readonly to: "enabled" | "disabled" };

export type Outcome = "ok" | KmsErrorCode;

/** The steps that are ours, and that the key's owner can stop. */
const uses: ReadonlySet<Step["do"]> = new Set(["wrap", "generate", "describe", "unwrap"]);

/** A key as any cloud has it: what each step must come to, worked out without any cloud. */
export class KeyModel {
  state: "enabled" | "disabled" | "pending-deletion" = "enabled";
  denied = false;
  wraps = 0;

  /** A step that no customer could take, or that means nothing now, is left out for all providers alike. */
  allows(step: Step): boolean {
    const pending = this.state === "pending-deletion";
    switch (step.do) {
      case "unwrap":
        return this.wraps > 0;
      case "cancel deletion":
        return pending;
      case "disable":
      case "enable":
      case "schedule deletion":
        return !pending;
      case "rotate":
        return this.state === "enabled";
      default:
        return true;
    }
  }

  /** @param deniedCode What the provider makes of a key on which we have no permission. */
  outcome(step: Step, deniedCode: Outcome): Outcome {
    if (!uses.has(step.do)) return "ok";
    if (this.denied) return deniedCode;
    if (this.state === "disabled") return "key-disabled";
    if (this.state === "pending-deletion") return "key-pending-deletion";
    return step.do === "unwrap" && step.context === "other" ? "decrypt-failed" : "ok";
  }

  apply(step: Step): void {
    const succeeded = this.outcome(step, "access-denied") === "ok";
    if (step.do === "disable") this.state = "disabled";
    if (step.do === "enable") this.state = "enabled";
    if (step.do === "schedule deletion") this.state = "pending-deletion";
    if (step.do === "cancel deletion") this.state = step.to;
    if (step.do === "deny") this.denied = true;
    if (step.do === "allow") this.denied = false;
    if ((step.do === "wrap" || step.do === "generate") && succeeded) this.wraps += 1;
  }
}
