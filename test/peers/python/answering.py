"""Answers requests, one JSON object a line: {"do": NAME, ...} with {"ok": VALUE} or {"error": {"name", "message"}}."""
import base64
import json
import sys


def answer(operations, name_of=lambda error: type(error).__name__):
    """Runs until its input ends. `operations`: functions by name; bytes travel as base64."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"ok": operations[request.pop("do")](**request)}
        except Exception as error:  # whatever the SDK throws is what the other side asks about
            reply = {"error": {"name": name_of(error), "message": str(error)}}
        print(json.dumps(reply), flush=True)


def text(data):
    return base64.b64encode(data).decode()


def data(text):
    return base64.b64decode(text, validate=True)
