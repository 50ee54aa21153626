import { fixedBytes, originTag, protectedHeader, additionalData } from "./data-keys.ts";
import { compact, ivHeader, recipient, type Refused } from "./messages.ts";
import type { Keys } from "./opens.ts";
import { array, bstr, hex } from "./raw-cbor.ts";
import { bodyOfTwoKeys } from "./two-root-body.ts";
import { cmks, recordKey, type VectorRecord, type World } from "./world.ts";

type Add = (name: string, code: string, sealed: Uint8Array, how?: Partial<Refused>) => void;

/** What someone who can write the data-key store, or make portable messages, might plant. */
export function plantedRecords(add: Add, world: World, keys: Keys, path: readonly string[], content: Uint8Array): void {
  const { plain, several, local, many } = keys;
  const { sealed } = compact(plain, path, content);
  const good = world.record(plain, [local]);
  const planted = (name: string, record: object, how: Partial<Refused> = {}): void => {
    add(`compact, planted record: ${name}`, "decrypt-failed", sealed, {
      records: [{ ...good, ...record }],
      ...how,
    });
  };
  const [, rsa] = many as [unknown, VectorRecord["recipients"][number]];
  planted("another context", { context: { tenant: "acme", region: "eu" } });
  planted("another purpose", { purpose: "index" });
  planted("a purpose that is none", { purpose: "stream" });
  planted("no origin tag", { origin: null });
  planted("another data key's origin tag", { origin: hex(originTag(recordKey, several)) });
  planted("an origin tag made for another purpose", { origin: hex(originTag(recordKey, { ...plain, purpose: "index" })) });
  planted("an origin tag of 16 bytes", { origin: "00".repeat(16) });
  planted("no recipients", { recipients: [] });
  planted("nine recipients", { recipients: Array.from({ length: 9 }, () => local) });
  planted("an empty wrap", { recipients: [{ ...local, wrapped: "" }] });
  planted("a wrap of 6145 bytes", { recipients: [{ ...local, wrapped: "00".repeat(6145) }] });
  planted("a resource of 513 characters", { recipients: [{ ...local, resource: "r".repeat(513) }] });
  planted("a kind that is none", { recipients: [{ ...local, kind: "ec" as "rsa" }] });
  planted("a service that is none", { service: "Not A Label" });
  planted("another data key's wrap", { recipients: [many[0]] }, { asksKms: true });
  planted("another data key's RSA wrap", { recipients: [rsa] }, { asksKms: true, accepted: [cmks.awsRsa] });
  const removed = { records: [{ ...good, recipients: [rsa] } as VectorRecord] };
  add("compact, planted record: another CMK", "key-removed", sealed, removed);
  const versioned = { records: [{ ...good, recipients: [{ ...local, keyVersion: "2" }] } as VectorRecord] };
  add("compact, planted record: a key version outside the grammar", "malformed", sealed, versioned);

  twoRoots(add, world, keys, path);
}

/** One body that GCM itself takes under two content keys: the id in the protected header decides. */
function twoRoots(add: Add, world: World, { plain, local }: Keys, path: readonly string[]): void {
  const second = world.key("second root", { tenant: "acme" });
  const iv = fixedBytes("iv of two roots", 12);
  const header = protectedHeader(plain.id, null);
  const body = bodyOfTwoKeys(plain.contentKey, second.contentKey, iv, additionalData("Encrypt0", header, plain, path));
  const sealed = array(bstr(header), ivHeader(iv), bstr(body));
  const [mine, other] = [world.wrap(cmks.local, plain), world.wrap(cmks.local, second)];
  const records = [world.record(plain, [{ ...mine, wrapped: other.wrapped }])];
  add("compact, one body, two roots: the other root", "decrypt-failed", sealed, { records, asksKms: true });

  const tagged = protectedHeader(plain.id, originTag(recordKey, plain));
  const carried = bodyOfTwoKeys(plain.contentKey, second.contentKey, iv, additionalData("Encrypt", tagged, plain, path));
  const wrap = { ...local, wrapped: other.wrapped };
  const portableBody = array(bstr(tagged), ivHeader(iv), bstr(carried), array(recipient(wrap)));
  add("portable, one body, two roots: the other root", "decrypt-failed", portableBody, { asksKms: true });
}
