"""What an RSA key wraps, written from docs/envelope-format.md alone: root[32] || SHA-256("cmkit/1 context" || 00 || context)."""
import hashlib

import cbor2
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key


def context_bytes(context):
    return cbor2.dumps(context, canonical=True)


def payload_of(root, context):
    return root + hashlib.sha256(b"cmkit/1 context\0" + context_bytes(context)).digest()


def wrap(spki, root, context):
    """For SDKs that do not encrypt under public keys themselves."""
    oaep = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=None)
    return load_der_public_key(spki).encrypt(payload_of(root, context), oaep)


def root_of(payload, context):
    if payload != payload_of(payload[:32], context):
        raise ValueError("the payload is sealed for another context")
    return payload[:32]
