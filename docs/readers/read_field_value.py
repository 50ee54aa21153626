"""Decodes and refuses every field value; written from docs/envelope-format.md §17 alone. `python3 read_field_value.py VECTORS-FOLDER`"""
import json, math, pathlib, sys
import cbor2

class Refused(Exception): pass
def need(condition):
    if not condition: raise Refused
def is_safe(number):
    """Whether a number is written as an integer: a safe one, and not -0."""
    return number == math.floor(number) and abs(number) < 2**53 and math.copysign(1, number) == (-1 if number < 0 else 1)

def check_json(value, depth=0):
    if type(value) in (int, float):
        need(math.isfinite(value) and is_safe(value) == (type(value) is int))
    elif type(value) in (list, dict):
        need(depth < 64)
        need(type(value) is list or all(type(key) is str for key in value))
        for item in value if type(value) is list else value.values(): check_json(item, depth + 1)
    else:
        need(value is None or type(value) in (str, bool))

def check_date(value):
    need(type(value) is cbor2.CBORTag and value.tag == 1001 and type(value.value) is dict)
    need(set(value.value) in ({1}, {1, -3}) and all(type(n) is int for n in value.value.values()))
    need(0 < value.value.get(-3, 1) < 1000)
    need(abs(milliseconds(value)) <= 8_640_000_000_000_000)
def milliseconds(date):
    return date.value[1] * 1000 + date.value.get(-3, 0)

python_types = {"string": (str,), "number": (int, float), "boolean": (bool,), "bytes": (bytes,), "json": (str, int, float, bool, list, dict)}

def decode(kind, data):
    """The one value of this type that `data` is, if this is its deterministic encoding and zeros."""
    try:
        value = cbor2.loads(data)
        # One spelling: also no repeated or unsorted keys. cbor2 sorts as RFC 7049 did, by length first: for texts, and for 1 and -3, no difference.
        encoded = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORDecodeError, cbor2.CBOREncodeError, RecursionError, ValueError, TypeError):
        raise Refused from None
    need(data.startswith(encoded) and not any(data[len(encoded):]))
    if kind == "date":
        check_date(value)
        return value
    need(type(value) in python_types[kind])
    if kind != "bytes": check_json(value)
    return value

def from_vector(v):
    """What cbor2 should decode a vector to, and encode to the same bytes."""
    if v["type"] == "bytes": return bytes.fromhex(v["value"])
    if v["type"] == "date":
        seconds, rest = divmod(int(v["value"]), 1000)
        return cbor2.CBORTag(1001, {1: seconds, -3: rest} if rest else {1: seconds})
    number = lambda text: int(float(text)) if is_safe(float(text)) else float(text)
    return json.loads(v["value"], parse_int=number, parse_float=number)
def same(a, b):
    """Equal in type and in the sign of zero too."""
    return repr(sort_keys(a)) == repr(sort_keys(b))
def sort_keys(value):
    if type(value) is list: return [sort_keys(item) for item in value]
    return {key: sort_keys(value[key]) for key in sorted(value)} if type(value) is dict else value

def is_right(v):
    data, expected = bytes.fromhex(v["encoded"]), from_vector(v)
    plain = cbor2.dumps(expected, canonical=True)
    padding = -len(plain) % v.get("padTo", 1)
    try: return same(decode(v["type"], data), expected) and data == plain + bytes(padding)
    except Refused: return False
def is_refused(v):
    try: decode(v["type"], bytes.fromhex(v["encoded"]))
    except Refused: return True
    return False
def main(folder):
    vectors = json.loads((folder / "field-values.json").read_text("utf-8"))
    wrong = [v for v in vectors["values"] if not is_right(v)]
    accepted = [v for v in vectors["refused"] if not is_refused(v)]
    print(*(f"not as it should be: {v['name']}\n" for v in wrong + accepted), sep="", end="", file=sys.stderr)
    print(f"{len(vectors['values']) - len(wrong)} decoded, {len(vectors['refused']) - len(accepted)} refused")
    return 1 if wrong or accepted else 0

sys.exit(main(pathlib.Path(sys.argv[1])))
