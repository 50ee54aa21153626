"""Makes every blind index again; written from docs/envelope-format.md alone. `python3 blind_index.py VECTORS-FOLDER`"""
import base64, hashlib, hmac, json, pathlib, sys

def head(major, n):
    width, info = next((w, i) for w, i in ((0, n), (1, 24), (2, 25)) if n < (256**w if w else 24))
    return bytes([major << 5 | info]) + (n.to_bytes(width, "big") if width else b"")
def text(value):
    return head(3, len(value.encode())) + value.encode()
def hkdf(secret, info, length):
    """HKDF-SHA-256 with an empty salt, RFC 5869."""
    extracted, block, blocks = hmac.digest(bytes(32), secret, "sha256"), b"", b""
    while len(blocks) < length:
        block = hmac.digest(extracted, block + info + bytes([len(blocks) // 32 + 1]), "sha256")
        blocks += block
    return blocks[:length]

def content_key_and_id(root, context):
    """§2 and §3, with the purpose `index`."""
    entries = sorted((text(key), text(value)) for key, value in context.items())
    canonical = head(5, len(entries)) + b"".join(key + value for key, value in entries)
    derived = hkdf(root, b"cmkit/1 index\0" + hashlib.sha256(canonical).digest(), 64)
    return derived[:32], derived[32:]
def field_key(content_key, table, field, normalization):
    """§18."""
    named = head(4, 3) + text(table) + text(field) + text(normalization)
    return hkdf(content_key, b"cmkit/1 blind index\0" + hashlib.sha256(named).digest(), 32)
def blind_index(field_key, value):
    """`value` is one of §17, encoded and unpadded."""
    return base64.urlsafe_b64encode(hmac.digest(field_key, value, "sha256")[:16]).decode().rstrip("=")

failed = 0
vectors = json.loads(pathlib.Path(sys.argv[1], "blind-index.json").read_text("utf-8"))
for v in vectors:
    content_key, ident = content_key_and_id(bytes.fromhex(v["root"]), v["context"])
    key = field_key(content_key, v["table"], v["field"], v["normalization"])
    made = content_key.hex(), ident.hex(), key.hex(), blind_index(key, bytes.fromhex(v["value"]))
    if made != (v["contentKey"], v["id"], v["fieldKey"], v["index"]):
        failed = print("not as it should be:", v["name"], file=sys.stderr) or 1
print(len(vectors), "blind indexes") if not failed else sys.exit(1)
