import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { type AzureDenial, type AzureEmulator, azureEmulator } from "../../src/index.ts";
import {
  cryptographyOf,
  expectRefusal,
  hsmUrl,
  keysOf,
  operator,
  reader,
  refusalOf,
  seedOf,
  startForTest,
  tenantId,
  vaultUrl,
} from "./emulated-vault.ts";

const aes = `${hsmUrl}/keys/aes`;
const rsa = `${vaultUrl}/keys/rsa`;
let emulator: AzureEmulator;

beforeAll(async () => {
  emulator = await azureEmulator({
    seed: seedOf([
      { name: "aes", vault: "hsm-one", kty: "oct-HSM" },
      { name: "rsa" },
      { name: "gone", deletedAt: "2026-01-01T00:00:00.000Z", purgeAt: "2099-01-01T00:00:00.000Z" },
    ]),
  });
});
beforeEach(() => {
  for (const { id } of emulator.keys) emulator.allow(id);
});
afterAll(() => emulator.close());

const wrap = (): Promise<unknown> => cryptographyOf(emulator, aes).wrapKey("A256KW", randomBytes(32));
const unwrap = (): Promise<unknown> => cryptographyOf(emulator, aes).unwrapKey("A256KW", randomBytes(40));
const denied = (call: Promise<unknown>): Promise<void> => expectRefusal(call, 403, "Forbidden", "ForbiddenByRbac");

describe("a denial", () => {
  test("is said in the words of role-based access control", async () => {
    emulator.deny(rsa);
    expect((await refusalOf(keysOf(emulator).getKey("rsa"))).message.split("\r\n")).toEqual([
      "Caller is not authorized to perform action on resource.",
      "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
      `Caller: appid=${operator.appId};oid=${operator.objectId};iss=https://sts.windows.net/${tenantId}/`,
      "Action: 'Microsoft.KeyVault/vaults/keys/read'",
      expect.stringMatching(/^Resource: '.*\/providers\/microsoft\.keyvault\/vaults\/vault-one\/keys\/rsa'$/),
      "Assignment: (not found)",
      "DenyAssignmentId: null",
      "DecisionReason: null ",
      "Vault: vault-one;location=emulator",
      "",
    ]);
  });

  test("is said in the words of access policies where a vault has those", async () => {
    const vaults = [{ name: "vault-one", permissionModel: "access-policy" }] as const;
    const older = await startForTest({ seed: seedOf([{ name: "rsa" }], { vaults }) });
    older.deny(rsa, { action: "UnwrapKey" });
    const refusal = await refusalOf(cryptographyOf(older, rsa).unwrapKey("RSA-OAEP-256", randomBytes(256)));
    expect(refusal).toEqual({
      status: 403,
      code: "Forbidden",
      inner: "AccessDenied",
      message:
        `The user, group or application 'appid=${operator.appId};oid=${operator.objectId};iss=https://sts.windows.net/${tenantId}/' ` +
        "does not have keys unwrapKey permission on key vault 'vault-one;location=emulator'. For help resolving this issue, " +
        "please see https://go.microsoft.com/fwlink/?linkid=2125287",
    });
    await keysOf(older).getKey("rsa");
  });

  test("without a filter denies everything about its key to everyone, and nothing about others", async () => {
    emulator.deny(aes);
    for (const call of [
      wrap,
      unwrap,
      () => keysOf(emulator, hsmUrl).getKey("aes"),
      () => keysOf(emulator, hsmUrl).createOctKey("aes"),
    ]) {
      await denied(call());
    }
    await keysOf(emulator).getKey("rsa");
    emulator.allow(aes);
    await wrap();
  });

  test.each<AzureDenial>([
    { action: "WrapKey" },
    { action: "Microsoft.KeyVault/managedHsm/keys/wrap/action" },
    { action: "microsoft.keyvault/managedhsm/keys/WRAP/action" },
    { action: "Microsoft.KeyVault/*/keys/wrap/*" },
    { action: "WrapKey", principal: operator.objectId },
    { action: "WrapKey", principal: operator.appId },
    { action: "WrapKey", principal: tenantId },
  ])("meets the action and the principal that it names: %j", async (denial) => {
    emulator.deny(aes, denial);
    await denied(wrap());
    await expectRefusal(unwrap(), 400, "BadParameter");
  });

  test.each<AzureDenial>([
    { action: "Microsoft.KeyVault/vaults/keys/wrap/action" },
    { action: "wrap/action" },
    { action: "Wrap" },
    { action: "WrapKey", principal: reader.objectId },
    { principal: "nobody" },
  ])("leaves other actions and principals alone: %j", async (denial) => {
    emulator.deny(aes, denial);
    await wrap();
  });

  test("may hide deleted keys, whose reading is a permission of its own in a managed HSM", async () => {
    emulator.deny(`${vaultUrl}/keys/gone`, { action: "GetDeletedKey" });
    await denied(keysOf(emulator).getDeletedKey("gone"));
    await expectRefusal(keysOf(emulator).getKey("gone"), 404, "KeyNotFound");
    const made = await emulator.createKey({ vault: "hsm-one", name: "deleted", kty: "oct-HSM" });
    emulator.scheduleKeyDeletion(made);
    emulator.deny(made, { action: "Microsoft.KeyVault/managedHsm/keys/deletedKeys/read/action" });
    await denied(keysOf(emulator, hsmUrl).getDeletedKey("deleted"));
    await expectRefusal(keysOf(emulator, hsmUrl).getKey("deleted"), 404, "KeyNotFound");
  });

  test("comes before the key's state", async () => {
    emulator.disableKey(aes);
    emulator.deny(aes);
    await denied(wrap());
    emulator.allow(aes);
    await expectRefusal(wrap(), 403, "Forbidden", "KeyDisabled");
    emulator.enableKey(aes);
  });

  test("with other fields is refused", () => {
    expect(() => emulator.deny(aes, { operation: "WrapKey" } as never)).toThrow("expected only the fields action, principal");
  });
});

describe("a principal with a list of data actions", () => {
  test("may do these and nothing else", async () => {
    const credential = { principal: reader.appId };
    await keysOf(emulator, hsmUrl, credential).getKey("aes");
    for await (const { name } of keysOf(emulator, vaultUrl, credential).listPropertiesOfKeys()) expect(name).toBe("rsa");
    await denied(cryptographyOf(emulator, aes, credential).wrapKey("A256KW", randomBytes(32)));
    await denied(keysOf(emulator, hsmUrl, credential).getDeletedKey("aes"));
    await denied(keysOf(emulator, hsmUrl, credential).createOctKey("new"));
  });

  test("learns nothing about which keys exist", async () => {
    const client = cryptographyOf(emulator, `${hsmUrl}/keys/none`, { principal: reader.objectId });
    await denied(client.wrapKey("A256KW", randomBytes(32)));
  });
});
