"""Oracle's SDK for Python as a stranger uses it, for test/peers/oci-python.ts."""
import json
import sys

import oci
from answering import answer, data, text
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from oci.key_management import models
from sealed_payload import root_of, wrap

settings = json.loads(sys.argv[1])
credentials = settings["credentials"]
config = {
    **{name: credentials[name] for name in ("tenancy", "user", "fingerprint")},
    "key_content": credentials["privateKey"],
    "region": settings["region"],
}
crypto = oci.key_management.KmsCryptoClient(config, settings["endpoint"])
management = oci.key_management.KmsManagementClient(config, settings["endpoint"])


def describe_key(key):
    described = management.get_key(key).data
    shape = described.key_shape
    return {"state": described.lifecycle_state, "algorithm": f"{shape.algorithm}_{shape.length * 8}"}


def create_key(algorithm):
    name, bits = algorithm.split("_")
    shape = models.KeyShape(algorithm=name, length=int(bits) // 8)
    details = models.CreateKeyDetails(compartment_id=config["tenancy"], display_name=f"python-{algorithm}", key_shape=shape)
    return management.create_key(details).data.id


def wrap_key(key, kind, root, context):
    version = management.get_key(key).data.current_key_version
    if kind == "rsa":
        pem = management.get_key_version(key, version).data.public_key
        spki = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"bytes": text(wrap(spki, data(root), context)), "keyVersion": version}
    details = models.EncryptDataDetails(key_id=key, plaintext=root, associated_data=context)
    encrypted = crypto.encrypt(details).data
    return {"bytes": encrypted.ciphertext, "keyVersion": version}


def unwrap_key(key, kind, bytes, keyVersion, context):
    if kind == "rsa":
        details = models.DecryptDataDetails(
            key_id=key, ciphertext=bytes, key_version_id=keyVersion, encryption_algorithm="RSA_OAEP_SHA_256"
        )
        return text(root_of(data(crypto.decrypt(details).data.plaintext), context))
    details = models.DecryptDataDetails(key_id=key, ciphertext=bytes, associated_data=context)
    return crypto.decrypt(details).data.plaintext


def disable_key(key):
    management.disable_key(key)


def enable_key(key):
    management.enable_key(key)


answer(
    {f.__name__: f for f in (describe_key, create_key, wrap_key, unwrap_key, disable_key, enable_key)},
    lambda error: f"{error.status} {error.code}" if isinstance(error, oci.exceptions.ServiceError) else type(error).__name__,
)
