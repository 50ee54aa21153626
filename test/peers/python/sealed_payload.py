"""What an RSA key wraps, written from docs/envelope-format.md alone: root[32] || SHA-256("cmkit/1 context" || 00 || context)."""
import hashlib

import cbor2
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def context_bytes(context):
    return cbor2.dumps(context, canonical=True)


def wrap(spki, root, context):
    payload = root + hashlib.sha256(b"cmkit/1 context\0" + context_bytes(context)).digest()
    oaep = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=None)
    return load_der_public_key(spki).encrypt(payload, oaep)


def root_of(payload, context):
    if len(payload) != 64 or payload[32:] != hashlib.sha256(b"cmkit/1 context\0" + context_bytes(context)).digest():
        raise ValueError("the payload is sealed for another context")
    return payload[:32]
