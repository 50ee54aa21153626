"""boto3 as a stranger uses it, for test/peers/boto3.ts."""
import json
import sys

import boto3
from answering import answer, data, text
from botocore.config import Config
from botocore.exceptions import ClientError
from sealed_payload import root_of, wrap

settings = json.loads(sys.argv[1])
kms = boto3.client(
    "kms",
    endpoint_url=settings["endpoint"],
    region_name=settings["region"],
    aws_access_key_id=settings["credentials"]["accessKeyId"],
    aws_secret_access_key=settings["credentials"]["secretAccessKey"],
    config=Config(retries={"total_max_attempts": 1}),
)
RSA = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}


def describe_key(key):
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    return {"state": described["KeyState"], "algorithm": described["KeySpec"]}


def create_key(algorithm):
    return kms.create_key(KeySpec=algorithm, KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]


def wrap_key(key, kind, root, context):
    if kind == "rsa":
        bytes = wrap(kms.get_public_key(KeyId=key)["PublicKey"], data(root), context)
    else:
        bytes = kms.encrypt(KeyId=key, Plaintext=data(root), EncryptionContext=context)["CiphertextBlob"]
    return {"bytes": text(bytes), "keyVersion": None}


def unwrap_key(key, kind, bytes, keyVersion, context):
    if kind == "rsa":
        return text(root_of(kms.decrypt(KeyId=key, CiphertextBlob=data(bytes), **RSA)["Plaintext"], context))
    return text(kms.decrypt(KeyId=key, CiphertextBlob=data(bytes), EncryptionContext=context)["Plaintext"])


def disable_key(key):
    kms.disable_key(KeyId=key)


def enable_key(key):
    kms.enable_key(KeyId=key)


answer(
    {f.__name__: f for f in (describe_key, create_key, wrap_key, unwrap_key, disable_key, enable_key)},
    lambda error: error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__,
)
