import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { isKmsError, multiCloudKms, type KeyDescription, type Kms, type KmsErrorCode, type WrappedKey } from "@cmkit/core";
import type { ConformanceHarness, ConformanceKey } from "@cmkit/core/testing";
import type { Outcome, Step } from "./key-model.ts";

const context = { tenant: "acme" };
const patient = { timeoutMs: 20_000 };
const stateCodes: Partial<Record<KeyDescription["state"], KmsErrorCode>> = {
  disabled: "key-disabled",
  "pending-deletion": "key-pending-deletion",
};

/** One key of one provider, taking the model's steps. */
export class ProviderUnderTest {
  readonly harness: ConformanceHarness;
  readonly key: ConformanceKey;
  private readonly wraps: { readonly root: Uint8Array; readonly wrapped: WrappedKey }[] = [];
  private kms: Kms;

  constructor(harness: ConformanceHarness, key: ConformanceKey) {
    this.harness = harness;
    this.key = key;
    this.kms = multiCloudKms({ adapters: [harness.adapter()] });
  }

  /** What the provider has no way to do. */
  lacks(step: Step): boolean {
    const { setState, setAccess, rotate } = this.harness.controls;
    if (step.do === "rotate") return typeof rotate === "string" || this.key.versions === "none";
    if (step.do === "deny") return typeof setAccess === "string";
    return (step.do === "disable" || step.do === "schedule deletion") && typeof setState === "string";
  }

  async take(step: Step): Promise<Outcome> {
    const key = this.kms.open({ provider: this.harness.adapter().provider, resource: this.key.resource });
    switch (step.do) {
      case "wrap": {
        const root = new Uint8Array(randomBytes(32));
        return this.kept(async () => ({ root, wrapped: await key.wrapKey(root, context, patient) }));
      }
      case "generate":
        return this.kept(async () => {
          const made = await key.generateDataKey(context, patient);
          return { root: made.key, wrapped: made.wrapped };
        });
      case "describe":
        return outcomeOf(async () => stateCodes[(await key.describe(patient)).state]);
      case "unwrap":
        return outcomeOf(async () => {
          const { root, wrapped } = this.wraps[step.which % this.wraps.length] ?? assert.fail("no wrap");
          const asked = step.context === "same" ? context : { tenant: "globex" };
          assert.deepEqual(await key.unwrapKey(wrapped, asked, patient), root);
        });
      case "forget":
        return outcomeOf(async () => this.close());
      default:
        await this.control(step);
        return "ok";
    }
  }

  /** A process that ends and starts again: nothing is remembered of the key. */
  async close(): Promise<void> {
    await this.kms.close();
    this.kms = multiCloudKms({ adapters: [this.harness.adapter()] });
  }

  private async kept(make: () => Promise<{ root: Uint8Array; wrapped: WrappedKey }>): Promise<Outcome> {
    return outcomeOf(async () => void this.wraps.push(await make()));
  }

  private async control(step: Step): Promise<void> {
    const { setState, setAccess, rotate } = this.harness.controls;
    const { resource } = this.key;
    const states = { disable: "disabled", enable: "enabled", "schedule deletion": "pending-deletion" } as const;
    if (step.do === "rotate" && typeof rotate === "function") await rotate(resource);
    else if ((step.do === "deny" || step.do === "allow") && typeof setAccess === "function")
      await setAccess(resource, step.do === "deny" ? "denied" : "allowed");
    else if (typeof setState === "function") {
      if (step.do === "cancel deletion") await setState(resource, step.to);
      else if (step.do in states) await setState(resource, states[step.do as keyof typeof states]);
    }
  }
}

async function outcomeOf(work: () => Promise<Outcome | undefined | void>): Promise<Outcome> {
  try {
    return (await work()) ?? "ok";
  } catch (error) {
    if (isKmsError(error)) return error.code;
    throw error;
  }
}
