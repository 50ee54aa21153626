"""Opens and refuses every vector; written from docs/envelope-format.md alone. `python3 read_envelope.py VECTORS-FOLDER`"""
import base64, hashlib, hmac, json, pathlib, re, sys
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

class Refused(Exception): pass
def need(condition, code="malformed"):
    if not condition: raise Refused(code)
def head(major, n):
    width, info = next((w, i) for w, i in ((0, n), (1, 24), (2, 25), (4, 26), (8, 27)) if n < (256**w if w else 24))
    return bytes([major << 5 | info]) + (n.to_bytes(width, "big") if width else b"")

def encode(value):
    """Deterministic CBOR, RFC 8949 §4.2.1."""
    if isinstance(value, int): return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes): return head(2, len(value)) + value
    if isinstance(value, str): return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list): return head(4, len(value)) + b"".join(map(encode, value))
    return head(5, len(value)) + b"".join(k + encode(v) for k, v in sorted((encode(k), v) for k, v in value.items()))

def decode(data):
    """The one value that `data` is, if this is its deterministic encoding."""
    def read(at, depth):
        need(depth <= 4 and at < len(data) and data[at] >> 5 <= 5 and data[at] & 31 <= 27)
        major, info = data[at] >> 5, data[at] & 31
        width = 0 if info < 24 else 1 << info - 24
        need(at + 1 + width <= len(data))
        n, at = int.from_bytes(data[at + 1:at + 1 + width], "big") if width else info, at + 1 + width
        if major <= 1: return (n if major == 0 else -1 - n), at
        need(n <= (len(data) - at if major <= 3 else 8))
        if major <= 3: return data[at:at + n] if major == 2 else data[at:at + n].decode(), at + n
        items = [None] * (n * (major - 3))
        for i in range(len(items)):
            items[i], at = read(at, depth + 1)
        return items if major == 4 else dict(zip(items[::2], items[1::2])), at
    value, _ = read(0, 0)
    need(encode(value) == data)  # one spelling: also no repeated or unsorted keys, no trailing bytes
    return value
def fields(value, required, optional=()):
    need(isinstance(value, dict) and set(required) <= set(value) <= {*required, *optional})
    return [value.get(label) for label in (*required, *optional)]
def sized(value, low, high):
    need(isinstance(value, bytes) and low <= len(value) <= high)
    return value
def text(value, low, high):
    need(isinstance(value, str) and low <= len(value.encode("utf-16-le")) // 2 <= high)
    need(not re.search(r"[\x00-\x1f\x7f-\x9f]", value))
    return value
def parse(sealed):
    message = decode(sealed)
    need(isinstance(message, list) and len(message) in (3, 4))
    portable = len(message) == 4
    alg, ident, *tag = fields(decode(sized(message[0], 0, 200)), (1, 4), (-65537,) * portable)
    tag, iv = tag[0] if portable else None, fields(message[1], (5,))[0]
    need(alg == 3 and (tag is None or sized(tag, 32, 32)) and (not portable or isinstance(message[3], list) and message[3]))
    wraps = [recipient(item) for item in message[3]] if portable else []
    need(len({(w["provider"], w["resource"]) for w in wraps}) == len(wraps))
    return message[0], sized(ident, 32, 32), tag, sized(iv, 12, 12), sized(message[2], 16, (64 << 20) + 16), wraps
def recipient(item):
    need(isinstance(item, list) and len(item) == 3 and item[0] == b"")
    alg, kid, version = fields(item[1], (1, 4), (-65538,))
    need(alg in (-65537, -65538) and (-65538 not in item[1] or text(version, 1, 512) == version))
    provider, _, resource = sized(kid, 3, 2048).decode().partition(":")
    need(re.fullmatch(r"[a-z][a-z0-9-]{0,31}", provider))
    return {"provider": provider, "resource": text(resource, 1, 512), "keyVersion": version,
            "kind": "rsa" if alg == -65537 else "symmetric", "wrapped": sized(item[2], 1, 6144).hex()}
def hkdf(secret, info, length):
    return HKDF(SHA256(), length, None, info).derive(secret)
def record(world, v, ident, context):
    """Steps 4 and 5."""
    need(v.get("store", True), "unsupported")
    found = [r for r in v.get("records", []) if r["id"] == ident.hex()]
    found += [r for r in world["records"] if r["id"] == ident.hex() and r["context"]["tenant"] == v["tenant"]]
    need(found, "unknown-data-key")
    origin, wraps = found[0]["origin"], found[0]["recipients"]
    need((origin is None or len(origin) == 64) and 1 <= len(wraps) <= 8, "decrypt-failed")
    need(re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", found[0]["service"]), "decrypt-failed")
    need(all(2 <= len(w["wrapped"]) <= 12288 and len(w["resource"]) <= 512 and w["kind"] in ("rsa", "symmetric")
             for w in wraps), "decrypt-failed")
    need(found[0]["purpose"] == "field" and encode(found[0]["context"]) == context, "decrypt-failed")
    return origin and bytes.fromhex(origin), wraps
def unwrap(world, wrap, context):
    data = bytes.fromhex(wrap["wrapped"])
    need(wrap["kind"] == "symmetric" or len(data) in (256, 384, 512), "decrypt-failed")
    world["asked"] = True
    if wrap["provider"] == "local":
        need(len(data) >= 29 and data[0] == 1, "decrypt-failed")
        return AESGCM(bytes.fromhex(world["localKeys"][wrap["resource"]])).decrypt(data[1:13], data[13:], context)
    asked = {**wrap, "context": None if wrap["kind"] == "rsa" else context.hex()}
    found = [a["answer"] for a in world["answers"] if all(asked[k] == a[k] for k in a if k != "answer")]
    need(found, "decrypt-failed")
    return bytes.fromhex(found[0])

def open_vector(world, v, sealed):
    try:
        sealed = from_text(v["text"]) if "text" in v else sealed  # step 1
        header, ident, tag, iv, ciphertext, wraps = parse(sealed)  # step 2
    except (ValueError, TypeError):  # not base64, not UTF-8, a map as a key
        raise Refused("malformed") from None
    context = encode({"tenant": v["tenant"], **v.get("context", {})})
    digest = hashlib.sha256(context).digest()
    tag, wraps = (tag, wraps) if wraps else record(world, v, ident, context)
    keys = {None: [], "current": ["recordKey"], "both": ["recordKey", "previousRecordKey"]}[v["recordKey"]]
    macs = [hkdf(bytes.fromhex(world[k]), b"cmkit/1 record origin", 32) for k in keys]
    tags = [hmac.digest(mac, encode(["field", v["tenant"], ident, digest]), "sha256") for mac in macs]
    need(not keys or tag and any(hmac.compare_digest(tag, good) for good in tags), "decrypt-failed")  # step 6
    chosen = [w for cmk in v["accepted"] if cmk.get("escrow") == v.get("escrow") for w in wraps
              if (w["provider"], w["resource"]) == (cmk["provider"], cmk["resource"])]
    need(chosen, "key-removed")  # step 7
    need(keys or v.get("originNone") or all(w["kind"] == "symmetric" for w in chosen), "unsupported")
    version = chosen[0]["keyVersion"]
    need(version is None or re.search(world["keyVersionGrammars"][chosen[0]["provider"]], version))
    seal = hashlib.sha256(b"cmkit/1 context\0" + context).digest() if chosen[0]["kind"] == "rsa" else b""
    try:
        payload = unwrap(world, chosen[0], context)  # step 8
        need(len(payload) == 32 + len(seal) and hmac.compare_digest(payload[32:], seal), "decrypt-failed")  # step 9
        derived = hkdf(payload[:32], b"cmkit/1 field\0" + digest, 64)
        need(hmac.compare_digest(derived[32:], ident), "decrypt-failed")  # step 10
        external = b"\x83" + encode("cmkit/1") + context + encode(v["path"])
        aad = encode(["Encrypt" if sealed[0] == 0x84 else "Encrypt0", header, external])
        return AESGCM(derived[:32]).decrypt(iv, ciphertext, aad)  # step 11
    except InvalidTag:
        raise Refused("decrypt-failed") from None
def from_text(value):
    need(value.startswith("cmk1."), "not-encrypted")
    data = base64.urlsafe_b64decode(value[5:] + "=" * (-len(value[5:]) % 4))
    need(base64.urlsafe_b64encode(data).decode().rstrip("=") == value[5:])
    return data
def outcomes(world, v):
    sealed, found = bytes.fromhex(v["sealed"]), set()
    for part in [sealed[:n] for n in range(len(sealed))] if "each" in v else [sealed]:
        world["asked"] = False
        try: found.add(open_vector(world, v, part).hex())
        except Refused as refusal: found.add((str(refusal), world["asked"]))
    return found
def main(folder):
    kms, records, opens, large, refusals = (json.loads((folder / f"{name}.json").read_text("utf-8"))
                                            for name in ("kms", "records", "opens", "opens-large", "refusals"))
    expected = [(v, v["plaintext"]) for v in opens] + [(v, v["plaintext"]["byte"] * v["plaintext"]["length"]) for v in large]
    expected += [(v, (v["code"], v["asksKms"])) for v in refusals]
    wrong = [v for v, outcome in expected if outcomes({**kms, "records": records}, v) != {outcome}]
    print(*(f"not as it should be: {v['name']}\n" for v in wrong), sep="", end="", file=sys.stderr)
    refused = sum("code" in v for v in wrong)
    print(f"{len(opens) + len(large) - len(wrong) + refused} opened, {len(refusals) - refused} refused")
    return 1 if wrong else 0

sys.exit(main(pathlib.Path(sys.argv[1])))
