import { isKmsError, KmsError, type CallOptions, type Cmk } from "@cmkit/core";

import type { AccessReport, Lint } from "./access-report.ts";
import { checkAccess, type AccessFinding } from "./check-access.ts";
import type { CmkRecord, KeyFacts, Validation } from "./cmk-record.ts";
import type { GrantRequest, MissingGrant } from "./grant.ts";
import { missingGrant } from "./grants/grants-for.ts";
import { lintKey } from "./lint-key.ts";
import { keyOf, refuseOthersKey } from "./own-keys.ts";
import { projectCmks } from "./project-cmks.ts";
import { shown } from "./registered-cmk.ts";
import { auditEntry, type RegistryParts } from "./registry-parts.ts";
import type { Attribution, RegistryCallOptions } from "./registry.ts";
import { identify, liveCmk } from "./rules.ts";
import { wrappingVersion } from "./same-key.ts";
import type { RegistryWrites } from "./store.ts";

const checkMs = 5000;
/** A passing failure is not asked about again at once: every caller of a broken key would wait for it. */
const settleAgainMs = 5000;

/** What is kept of a check. */
interface Kept {
  readonly cmk: CmkRecord & { readonly validation: Validation };
  readonly changed: boolean;
}

/** Asks the KMS about registered keys, and keeps what it says with them: what an alias names, the public key, how the check ended. */
export class KeyChecks {
  private readonly parts: RegistryParts;
  private readonly settling = new Map<string, Promise<CmkRecord>>();
  private readonly running = new Map<string, Promise<AccessReport>>();

  constructor(parts: RegistryParts) {
    this.parts = parts;
  }

  /**
   * One check of a CMK at a time: who asks meanwhile is told what it found, so that nobody makes it many.
   * @throws {RegistryError} `not-found`: it was deleted meanwhile. @throws {KmsError} `aborted`: the caller waits no longer.
   */
  async check(cmk: CmkRecord, externalId: string, { signal, ...by }: RegistryCallOptions = {}): Promise<AccessReport> {
    refuseAborted(signal);
    const running = this.running.get(cmk.id) ?? this.run(cmk, externalId, by).finally(() => this.running.delete(cmk.id));
    this.running.set(cmk.id, running);
    return signal === undefined ? running : Promise.race([running, aborted(signal)]);
  }

  private async run(cmk: CmkRecord, externalId: string, by: Attribution): Promise<AccessReport> {
    const { kms } = this.parts;
    const started = kms.clock.monotonicMs();
    const { provider, canonical: resource, pin, project } = cmk;
    const asked = await checkAccess(kms, { provider, resource, ...(pin !== null && { pin }) }, project);
    const { finding, kept } = await this.keep(cmk, asked, by);
    if (kept === undefined) return this.run(await this.asItIs(cmk), externalId, by);
    const leftMs = checkMs - (kms.clock.monotonicMs() - started);
    const lints = finding.description === undefined ? [] : lintKey(finding.description, new Date(kms.clock.wallMs()));
    const moved = await this.movedAlias(kept.cmk, { timeoutMs: Math.max(1, leftMs) });
    return {
      cmk: { ...shown(kept.cmk), validation: kept.cmk.validation },
      passed: finding.phase === "done",
      missing: this.missing(kept.cmk, finding, externalId),
      lints: [...moved, ...lints],
    };
  }

  /**
   * The CMK with its alias resolved and its public key pinned: checked now, if it never was, or if the last check found
   * answers that cannot be trusted.
   * @throws {KmsError} as the check found it.
   */
  async settled(cmk: CmkRecord, externalId: string): Promise<CmkRecord> {
    if (isSettled(cmk)) return cmk;
    const running = this.settling.get(cmk.id) ?? this.settle(cmk, externalId);
    this.settling.set(cmk.id, running);
    return running;
  }

  /** The CMK as a check of this moment found it. @throws {KmsError} as the check found it. */
  async now(cmk: CmkRecord, externalId: string): Promise<CmkRecord> {
    const { cmk: checked, passed } = await this.check(cmk, externalId, { actor: "registry" });
    if (!passed) throw refusal(checked.provider, checked.validation);
    return this.asItIs(cmk);
  }

  private async asItIs({ project, id }: CmkRecord): Promise<CmkRecord> {
    const { store, tags } = this.parts;
    return liveCmk(await projectCmks(store.reads, tags.cmk, project), id);
  }

  private async settle(cmk: CmkRecord, externalId: string): Promise<CmkRecord> {
    const forget = (): void => void this.settling.delete(cmk.id);
    try {
      const settled = await this.now(cmk, externalId);
      forget();
      return settled;
    } catch (error) {
      this.parts.kms.clock.after(settleAgainMs, forget);
      throw error;
    }
  }

  /**
   * Writes down what was found, unless it cannot be true of this project: then that is what was found.
   * @returns Nothing kept: another check has found another version meanwhile, and this one may have seen the older.
   */
  private async keep(
    cmk: CmkRecord,
    asked: AccessFinding,
    by: Attribution,
  ): Promise<{ readonly finding: AccessFinding; readonly kept: Kept | undefined }> {
    try {
      return { finding: asked, kept: await this.write(cmk, asked, by) };
    } catch (error) {
      if (!isKmsError(error)) throw error;
      const { resolved: _, publicKey: __, ...rest } = asked;
      const refused: AccessFinding = {
        ...rest,
        resolved: undefined,
        publicKey: undefined,
        phase: "describe",
        code: error.code,
        message: error.message,
      };
      return { finding: refused, kept: await this.write(cmk, refused, by) };
    }
  }

  private async write(cmk: CmkRecord, finding: AccessFinding, by: Attribution): Promise<Kept | undefined> {
    const { store, tags, audit, kms } = this.parts;
    const work = async (tx: RegistryWrites): Promise<Kept | undefined> => {
      await tx.lockProject(cmk.project);
      const at = new Date(kms.clock.wallMs());
      const cmks = await projectCmks(tx, tags.cmk, cmk.project);
      const before = liveCmk(cmks, cmk.id);
      if (wrappingVersion(before) !== wrappingVersion(cmk)) return undefined;
      const identified = await this.identified(tx, cmks, before, finding, at);
      const validation = validationOf(before.validation, finding, at);
      const after = { ...identified, validation };
      await tx.putCmk(tags.cmk.seal(after));
      const news = newsOf(before, after);
      if (news !== undefined) await audit.append(tx, auditEntry("cmk.check", after, by, news));
      return { cmk: after, changed: isKeyChanged(before.validation, validation) };
    };
    const kept = await store.write(work, { project: cmk.project });
    if (kept?.changed === true) this.announce(kept.cmk);
    return kept;
  }

  private async identified(
    tx: RegistryWrites,
    cmks: readonly CmkRecord[],
    cmk: CmkRecord,
    { resolved, publicKey, phase }: AccessFinding,
    at: Date,
  ): Promise<CmkRecord> {
    if (resolved === undefined) return cmk;
    await refuseOthersKey(this.parts, tx, cmk.project, resolved);
    // Only a public key whose wrap the KMS has opened is held on to.
    const proven = phase === "done" || phase === "context";
    const { keyVersion = null, spkiSha256 } = publicKey ?? {};
    const pin = proven && spkiSha256 !== undefined ? { keyVersion, spkiSha256 } : cmk.pin;
    const { resource: keyResource } = keyOf(this.parts.kms, resolved);
    return identify(cmks, cmk, { canonical: resolved.resource, keyResource, pin }, at);
  }

  private missing(
    { project, provider, canonical, validation }: CmkRecord,
    finding: AccessFinding,
    externalId: string,
  ): MissingGrant | undefined {
    const { accessors = {} } = this.parts.options;
    const mayBeDenied = finding.code === "access-denied" || finding.code === "key-not-found";
    if (!mayBeDenied || !Object.hasOwn(accessors, provider)) return undefined;
    const cmk = { provider, resource: canonical };
    const request: GrantRequest = { project, cmk, kind: validation?.key?.kind, accessors, externalId };
    return missingGrant(request, finding);
  }

  /** An alias that names another key by now changes nothing, and is said. */
  private async movedAlias(cmk: CmkRecord, limits: CallOptions): Promise<readonly Lint[]> {
    const { provider, resource, canonical } = cmk;
    if (!cmk.resolved || resource === canonical) return [];
    const now = await this.resolved({ provider, resource }, limits).catch(() => undefined);
    if (now === undefined || now.resource === canonical) return [];
    const message = `${resource} names another key by now. Data keys stay under the key that it named at first; register the new key to move to it.`;
    return [{ code: "alias-moved", severity: "warning", message }];
  }

  /** What it names now, asked as if for the first time. @throws {KmsError} `adapter-missing` too */
  private async resolved(cmk: Cmk, limits: CallOptions): Promise<Cmk> {
    return this.parts.kms.withoutMemory().open(cmk).resolve(limits);
  }

  private announce({ project, provider, canonical, validation }: Kept["cmk"]): void {
    if (validation.key === null) return;
    const { state, keyVersion } = validation.key;
    this.parts.kms.events.emit({ type: "key-changed", tenant: project, provider, resource: canonical, state, keyVersion });
  }
}

function isSettled({ resolved, pin, validation }: CmkRecord): boolean {
  if (!resolved || validation === null || validation.key === null) return false;
  if (validation.code === "bad-answer" || validation.code === "decrypt-failed") return false;
  return pin !== null || validation.key.kind === "symmetric";
}

function validationOf(before: Validation | null, finding: AccessFinding, at: Date): Validation {
  const { phase, code, message, description } = finding;
  const same = before !== null && before.phase === phase && before.code === code;
  const key = description === undefined ? (before?.key ?? null) : factsOf(description);
  return { phase, code, message, since: same ? before.since : at, checkedAt: at, key };
}

function factsOf({ kind, bits, state, keyVersion }: KeyFacts): KeyFacts {
  return { kind, bits, state, keyVersion };
}

/** What the audit log is told: only what is new, or a scheduler would fill it. */
function newsOf(before: CmkRecord, { validation, canonical }: Kept["cmk"]): Readonly<Record<string, string>> | undefined {
  const { phase, code, key } = validation;
  const news: Record<string, string> = {};
  if (before.validation?.phase !== phase || before.validation.code !== code) Object.assign(news, { phase, code });
  if (before.canonical !== canonical) news["resolved"] = canonical;
  if (key !== null && (before.validation?.key == null || isKeyChanged(before.validation, validation))) {
    Object.assign(news, { state: key.state, ...(key.keyVersion === null ? {} : { key_version: key.keyVersion }) });
  }
  return Object.keys(news).length === 0 ? undefined : news;
}

function isKeyChanged(before: Validation | null, { key }: Validation): boolean {
  if (before?.key == null || key === null) return false;
  return before.key.state !== key.state || before.key.keyVersion !== key.keyVersion || before.key.bits !== key.bits;
}

function refusal(provider: string, { code, message }: Validation): KmsError {
  return new KmsError(code === "ok" ? "unknown" : code, { provider, detail: message });
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new KmsError("aborted");
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new KmsError("aborted")), { once: true });
  });
}
