import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { emulatorControl, type EmulatorControl, type OciEmulator, ociEmulator } from "../../src/index.ts";
import { base64, type Clients, clientsOf, expectRefusal, operator, seedOf } from "./emulated-vault.ts";
import { send, signedRequest, type Signing, type WireAnswer } from "./signed-request.ts";

const plaintext = base64(new Uint8Array(32).fill(7));
let emulator: OciEmulator;
let oci: Clients;
let keyId: string;

beforeAll(async () => {
  emulator = await ociEmulator({ seed: seedOf([{ displayName: "main" }]) });
  oci = clientsOf(emulator);
  keyId = emulator.keyNamed("main");
});
afterAll(() => emulator.close());

function exchange(signing: Partial<Signing>): Promise<WireAnswer> {
  return send(emulator.port, signedRequest(operator, { host: `127.0.0.1:${emulator.port}`, ...signing }));
}

const seal = (): Promise<unknown> => oci.crypto.encrypt({ encryptDataDetails: { keyId, plaintext } });

describe("the server", () => {
  test.each(["entbf645aabf2-crypto.kms.eu-frankfurt-1.oraclecloud.com", "example.com", "127.0.0.1"])(
    "answers 421 to the name %s, however well signed",
    async (host) => {
      expect((await exchange({ host })).status).toBe(421);
    },
  );

  test("says its own name in the endpoints of a vault as the caller said it", async () => {
    const path = `/20180608/vaults/${emulator.vaults[0] ?? ""}`;
    const { body } = await exchange({ path, host: `localhost:${emulator.port}` });
    expect(JSON.parse(body)).toMatchObject({ cryptoEndpoint: `http://localhost:${emulator.port}` });
  });

  test.each([
    ["{", "CannotParseRequest"],
    ["[]", "CannotParseRequest"],
    ['"text"', "CannotParseRequest"],
    ["{}", "MissingParameter"],
    ["", "MissingParameter"],
    ['{"keyId":5}', "InvalidParameter"],
    ['{"keyId":null}', "MissingParameter"],
  ])("refuses the body %j with the service's code", async (body, code) => {
    const answer = await exchange({ method: "POST", path: "/20180608/encrypt", body });
    expect({ status: answer.status, ...(JSON.parse(answer.body) as object) }).toMatchObject({ status: 400, code });
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(["code", "message"]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test.each([
    ["GET", "/", 404, "NotFound", "unknown"],
    ["GET", "/20180608/encrypt", 404, "NotFound", "unknown"],
    ["GET", "/20190101/vaults", 404, "NotFound", "unknown"],
    ["GET", "/20180608/keys/a/b", 404, "NotFound", "unknown"],
    ["POST", "/20180608/sign", 501, "MethodNotImplemented", "Sign"],
    ["GET", "/20180608/wrappingKeys", 501, "MethodNotImplemented", "GetWrappingKey"],
  ])("knows no %s %s", async (method, path, status, code, operation) => {
    const answer = await exchange({ method, path, ...(method === "GET" ? {} : { body: "{}" }) });
    expect({ status: answer.status, ...(JSON.parse(answer.body) as object) }).toMatchObject({ status, code });
    expect(emulator.calls().at(-1)?.operation).toBe(operation);
  });
});

describe("the controls over HTTP", () => {
  const control = (controlToken = emulator.controlToken): EmulatorControl<OciEmulator> =>
    emulatorControl<OciEmulator>({ url: emulator.url, controlToken });

  test("do everything that the controls in the process do", async () => {
    const remote = control();
    await remote.disableKey(keyId);
    await expectRefusal(seal(), 409, "IncorrectState", "DISABLED");
    await remote.enableKey(keyId);
    await remote.scheduleKeyDeletion(keyId, 7);
    await expectRefusal(seal(), 409, "IncorrectState", "PENDING_DELETION");
    await remote.cancelKeyDeletion(keyId);
    await remote.deny(keyId, { action: "Encrypt" });
    await expectRefusal(seal(), 404, "NotAuthorizedOrNotFound");
    await remote.allow(keyId);
    const before = emulator.keys[0]?.currentKeyVersion;
    await remote.rotate(keyId);
    expect(emulator.keys[0]?.currentKeyVersion).not.toBe(before);
    await remote.addFault({ fault: "checksum", times: 1 });
    expect(await remote.listFaults()).toEqual([{ fault: "checksum", times: 1 }]);
    await remote.clearFaults();
    const made = await remote.createKey({ displayName: "made", keyShape: { algorithm: "AES", length: 16 } });
    expect(made).toBe(emulator.keyNamed("made"));
    expect(await remote.keys()).toEqual(emulator.keys);
    await remote.resetCalls();
    await seal();
    expect(await remote.counts()).toEqual({ Encrypt: 1 });
    expect(await remote.calls()).toMatchObject([{ operation: "Encrypt", keyId, status: 200 }]);
  });

  test("want the token, and say what they expected", async () => {
    await expect(control("").disableKey(keyId)).rejects.toThrow("401");
    await expect(control().disableKey("main")).rejects.toThrow("expected the OCID of a key of this emulator, got main");
    const shape = { algorithm: "AES", length: 17 } as const;
    await expect(control().createKey({ displayName: "x", keyShape: shape })).rejects.toThrow("key.keyShape.length");
    await expect(control().deny(keyId, { action: "all" })).rejects.toThrow("denial.action: expected one of KEY_INSPECT");
    await seal();
  });
});
