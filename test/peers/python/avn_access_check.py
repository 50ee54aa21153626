"""Asks for an access check: aiven.client has a method for it, and avn no command. Prints what it gives, or the error."""
import json
import sys

from aiven.client.client import AivenClient, Error

url, token, project, cmk_id = sys.argv[1:]
client = AivenClient(base_url=url)
client.set_auth_token(token)
try:
    print(json.dumps(client.trigger_cmk_access_check(project=project, cmk_id=cmk_id)))
except Error as error:
    print(json.dumps({"error": str(error)}))
