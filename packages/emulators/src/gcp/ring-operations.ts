import { authorise, type KmsCall, type Operation } from "./call.ts";
import { textOf } from "./input.ts";
import type { KeyRing } from "./key-store.ts";
import { listPage } from "./list-page.ts";
import { parseResourceName, shortNamePattern } from "./resource-name.ts";
import { ringView } from "./resource-view.ts";
import { refusals } from "./rpc-error.ts";

/** The location that a request names as its parent. */
function parentLocation(call: KmsCall): string {
  const parent = textOf(call.input, "parent");
  const parsed = parseResourceName(parent);
  if (parsed === undefined || parsed.keyRing !== undefined) throw refusals.invalid(`Resource name [${parent}] is invalid.`);
  return parent;
}

/** The key ring with this name. */
export function ringNamed(call: KmsCall, name: string): KeyRing {
  const parsed = parseResourceName(name);
  if (parsed?.keyRing === undefined || parsed.key !== undefined) throw refusals.invalid(`Resource name [${name}] is invalid.`);
  authorise(call, name);
  const ring = call.store.ring(name);
  if (ring === undefined) throw refusals.notFound("KeyRing", name);
  return ring;
}

const getKeyRing: Operation = (call) => ringView(ringNamed(call, textOf(call.input, "name")));

const createKeyRing: Operation = (call) => {
  const parent = parentLocation(call);
  const id = textOf(call.input, "keyRingId");
  if (!shortNamePattern.test(id)) throw refusals.invalid(`The key_ring_id must match ${shortNamePattern.source}.`);
  const ring = { name: `${parent}/keyRings/${id}`, createdAtMs: call.nowMs };
  if (call.store.ring(ring.name) !== undefined) throw refusals.alreadyExists("KeyRing", ring.name);
  call.store.addRing(ring);
  return ringView(ring);
};

const listKeyRings: Operation = (call) => {
  const parent = parentLocation(call);
  const rings = call.store.rings().filter(({ name }) => name.startsWith(`${parent}/keyRings/`));
  return listPage(call.input, "keyRings", rings.map(ringView));
};

/** The operations on key rings. */
export const ringOperations: Readonly<Record<"GetKeyRing" | "CreateKeyRing" | "ListKeyRings", Operation>> = {
  GetKeyRing: getKeyRing,
  CreateKeyRing: createKeyRing,
  ListKeyRings: listKeyRings,
};
