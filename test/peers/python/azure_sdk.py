"""azure-keyvault-keys as a stranger uses it, for test/peers/azure-keyvault-keys.ts."""
import json
import socket
import sys
import tempfile

from answering import answer, data, text
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm
from sealed_payload import context_bytes, payload_of, root_of

settings = json.loads(sys.argv[1])
lookup = socket.getaddrinfo


def emulator_address(host, port, *args, **kwargs):
    """Every vault is at the emulator; URL, Host header and the name in the certificate stay the vault's."""
    if str(host).endswith(("vault.azure.net", "managedhsm.azure.net")):
        host, port = "127.0.0.1", settings["port"]
    return lookup(host, port, *args, **kwargs)


socket.getaddrinfo = emulator_address


class StaticCredential:
    """Gives the emulator's tokens, and nothing for another audience or tenant than the challenge must name."""

    def get_token(self, *scopes, tenant_id=None, **_):
        if tenant_id != settings["tenantId"]:
            raise ValueError(f"the challenge names the tenant {tenant_id}")
        [scope] = scopes
        return AccessToken(settings["accessTokens"][scope.removesuffix("/.default")], 4102444800)


with tempfile.NamedTemporaryFile("w", suffix=".pem") as ca:
    ca.write(settings["ca"])
    ca.flush()
    common = {"connection_verify": ca.name, "retry_total": 0}

    def keys(vault):
        return KeyClient(vault, StaticCredential(), **common)

    def parts(key):
        vault, name = key.split("/keys/")
        return keys(vault), name

    def described(key):
        client, name = parts(key)
        return client.get_key(name)

    def cryptography(key, version):
        return CryptographyClient(f"{key}/{version}", StaticCredential(), **common)

    def describe_key(key):
        found = described(key)
        bits = len(found.key.n) * 8 if found.key.n else 256
        return {"state": "enabled" if found.properties.enabled else "disabled", "algorithm": f"{found.key_type.value}_{bits}"}

    def create_key(algorithm):
        kind, bits = algorithm.split("_")
        if kind == "RSA":
            made = keys(settings["vault"]).create_rsa_key("python-rsa", size=int(bits))
        else:
            made = keys(settings["hsm"]).create_oct_key("python-oct", size=int(bits), hardware_protected=True)
        return made.id.rsplit("/", 1)[0]

    def wrap_key(key, kind, root, context):
        version = described(key).properties.version
        if kind == "rsa":
            wrapped = cryptography(key, version).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, payload_of(data(root), context))
            return {"bytes": text(wrapped.encrypted_key), "keyVersion": version}
        aad = context_bytes(context)
        made = cryptography(key, version).encrypt(EncryptionAlgorithm.a256_gcm, data(root), additional_authenticated_data=aad)
        return {"bytes": text(made.iv + made.ciphertext + made.tag), "keyVersion": version}

    def unwrap_key(key, kind, bytes, keyVersion, context):
        crypto, wrapped = cryptography(key, keyVersion), data(bytes)
        if kind == "rsa":
            return text(root_of(crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key, context))
        opened = crypto.decrypt(
            EncryptionAlgorithm.a256_gcm,
            wrapped[12:44],
            iv=wrapped[:12],
            authentication_tag=wrapped[44:],
            additional_authenticated_data=context_bytes(context),
        )
        return text(opened.plaintext)

    def disable_key(key):
        client, name = parts(key)
        client.update_key_properties(name, enabled=False)

    def enable_key(key):
        client, name = parts(key)
        client.update_key_properties(name, enabled=True)

    def code_of(error):
        if not isinstance(error, HttpResponseError) or error.error is None:
            return type(error).__name__
        inner = (error.error.innererror or {}).get("code")
        return " ".join(filter(None, [str(error.status_code), error.error.code, inner]))

    operations = (describe_key, create_key, wrap_key, unwrap_key, disable_key, enable_key)
    answer({operation.__name__: operation for operation in operations}, code_of)
