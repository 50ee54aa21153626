"""google-cloud-kms as a stranger uses it, for test/peers/google-cloud-kms.ts."""
import json
import sys

import google_crc32c
import grpc
from answering import answer, data, text
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
    KeyManagementServiceRestTransport,
)
from google.oauth2.credentials import Credentials
from google.protobuf.field_mask_pb2 import FieldMask
from sealed_payload import context_bytes, root_of, wrap

settings = json.loads(sys.argv[1])
token = settings["accessToken"]
if settings["transport"] == "grpc":
    # A channel without TLS carries no credentials of its own, so each call does.
    transport = KeyManagementServiceGrpcTransport(channel=grpc.insecure_channel(settings["address"]))
    sent = {"metadata": [("authorization", f"Bearer {token}")], "retry": None}
else:
    transport = KeyManagementServiceRestTransport(
        host=settings["address"], url_scheme="http", credentials=Credentials(token)
    )
    sent = {"retry": None}
kms = kms_v1.KeyManagementServiceClient(transport=transport)
Version = kms_v1.CryptoKeyVersion


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def crc(data):
    return google_crc32c.value(data)


def newest(key):
    described = kms.get_crypto_key(name=key, **sent)
    if described.primary.name:
        return described.primary
    return max(kms.list_crypto_key_versions(parent=key, **sent), key=lambda version: int(version.name.split("/")[-1]))


def describe_key(key):
    version = newest(key)
    return {"state": version.state.name, "algorithm": version.algorithm.name}


def create_key(algorithm):
    symmetric = algorithm == "GOOGLE_SYMMETRIC_ENCRYPTION"
    purpose = kms_v1.CryptoKey.CryptoKeyPurpose.ENCRYPT_DECRYPT if symmetric else kms_v1.CryptoKey.CryptoKeyPurpose.ASYMMETRIC_DECRYPT
    template = kms_v1.CryptoKeyVersionTemplate(algorithm=Version.CryptoKeyVersionAlgorithm[algorithm])
    key = kms_v1.CryptoKey(purpose=purpose, version_template=template)
    name = f"python-{algorithm.lower()}"
    return kms.create_crypto_key(parent=settings["keyRing"], crypto_key_id=name, crypto_key=key, **sent).name


def wrap_key(key, kind, root, context):
    if kind == "rsa":
        name = newest(key).name
        public = kms.get_public_key(name=name, **sent)
        need(public.pem_crc32c == crc(public.pem.encode()), "the public key does not fit its checksum")
        spki = load_pem_public_key(public.pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"bytes": text(wrap(spki, data(root), context)), "keyVersion": name.split("/")[-1]}
    plaintext, aad = data(root), context_bytes(context)
    request = kms_v1.EncryptRequest(
        name=key,
        plaintext=plaintext,
        plaintext_crc32c=crc(plaintext),
        additional_authenticated_data=aad,
        additional_authenticated_data_crc32c=crc(aad),
    )
    encrypted = kms.encrypt(request, **sent)
    need(encrypted.verified_plaintext_crc32c, "verified_plaintext_crc32c is not set")
    need(encrypted.verified_additional_authenticated_data_crc32c, "verified_additional_authenticated_data_crc32c is not set")
    need(encrypted.ciphertext_crc32c == crc(encrypted.ciphertext), "the ciphertext does not fit its checksum")
    return {"bytes": text(encrypted.ciphertext), "keyVersion": encrypted.name.split("/")[-1]}


def unwrap_key(key, kind, bytes, keyVersion, context):
    ciphertext, aad = data(bytes), context_bytes(context)
    if kind == "rsa":
        request = kms_v1.AsymmetricDecryptRequest(
            name=f"{key}/cryptoKeyVersions/{keyVersion}", ciphertext=ciphertext, ciphertext_crc32c=crc(ciphertext)
        )
        decrypted = kms.asymmetric_decrypt(request, **sent)
        need(decrypted.verified_ciphertext_crc32c, "verified_ciphertext_crc32c is not set")
    else:
        request = kms_v1.DecryptRequest(
            name=key,
            ciphertext=ciphertext,
            ciphertext_crc32c=crc(ciphertext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=crc(aad),
        )
        decrypted = kms.decrypt(request, **sent)
    need(decrypted.plaintext_crc32c == crc(decrypted.plaintext), "the plaintext does not fit its checksum")
    return text(root_of(decrypted.plaintext, context) if kind == "rsa" else decrypted.plaintext)


def set_state(key, state):
    for version in kms.list_crypto_key_versions(parent=key, **sent):
        changed = Version(name=version.name, state=Version.CryptoKeyVersionState[state])
        kms.update_crypto_key_version(crypto_key_version=changed, update_mask=FieldMask(paths=["state"]), **sent)


def disable_key(key):
    set_state(key, "DISABLED")


def enable_key(key):
    set_state(key, "ENABLED")


def status_of(error):
    """The canonical name: over REST the SDK's own classes tell HTTP statuses apart and no more."""
    if not isinstance(error, GoogleAPICallError):
        return type(error).__name__
    return error.grpc_status_code.name if error.grpc_status_code else error.response.json()["error"]["status"]


answer({f.__name__: f for f in (describe_key, create_key, wrap_key, unwrap_key, disable_key, enable_key)}, status_of)
