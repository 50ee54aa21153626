"""Opens COSE messages with pycose, handed the content key. Reads JSON from stdin, writes the plaintexts in hexadecimal."""
import json, sys
from pycose.keys import SymmetricKey
from pycose.keys.keyops import DecryptOp
from pycose.keys.keyparam import KpKeyOps
from pycose.messages import CoseMessage

opened = []
for message in json.load(sys.stdin):
    cose = CoseMessage.decode(bytes.fromhex(message["tagged"]))
    cose.key = SymmetricKey(k=bytes.fromhex(message["contentKey"]), optional_params={KpKeyOps: [DecryptOp]})
    cose.external_aad = bytes.fromhex(message["externalAad"])
    try:
        opened.append((cose.decrypt(cose.recipients[0]) if message["portable"] else cose.decrypt()).hex())
    except Exception as error:
        opened.append(f"refused: {type(error).__name__}")
json.dump(opened, sys.stdout)
