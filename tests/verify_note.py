"""The words of FORMAT.md (§): hashes, headers, verifier keys and the notes they sign, the tree.
The other files of the verifier are written in them."""
import functools, json, re, struct
from base64 import b64decode, b64encode
from collections import namedtuple
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEADER = struct.Struct(">4sHHIIQQQ32s16s16s16s32s32s32s")
Header = namedtuple("Header", "magic version kind flags metadata_len content_len sequence time_us "
                    "log_id run_id request_id tenant_tag prev_hash metadata_hash content_hash "
                    "record_hash")
KINDS = ("open intent outcome refusal hit config key_event rotation shred retention clock close "
         "snapshot restore").split()
SKIPPABLE = 8  # the flag that lets a reader pass over what it does not know (§10)
NUMBER, HASH = "(0|[1-9][0-9]{0,19})", "([+/-9A-Za-z]{43}=)"
NOTE = f"\n{NUMBER}\n{HASH}\n\n".encode()  # behind the origin, before the signature lines
MAX = (1 << 64) - 1

class Fault(ValueError): "A verdict of §8 and its reason."
class Cut(Fault): "The frame goes on where its file ends (§7)."
MALFORMED = ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error

def why(bad): return bad.args if isinstance(bad, Fault) else ("edit", f"malformed: {bad!r}")

def need(holds, verdict, reason, fault=Fault):
    if not holds: raise fault(verdict, reason)

def take(data, at, length):
    need(at + length <= len(data), "corruption", "the file ends in this frame", Cut)
    return data[at:at + length]

def whole(value, most=MAX):
    """A number that is written in digits alone."""
    need(type(value) is int and value <= most, "edit", f"{value!r} is no whole number")
    return value

def of_hex(text):
    need(re.fullmatch("[0-9a-f]{64}", text), "edit", f"{text!r} is no hash")
    return bytes.fromhex(text)

def unique(members):
    need(len(dict(members)) == len(members), "edit", "a name stands twice in an object")
    return dict(members)

def finite(number):
    need(float(number) - float(number) == 0, "edit", "a number is beyond a double")
    return float(number)

def integer(digits):
    """An int only where nothing but digits stands: no sign."""
    number = finite(digits)
    return int(digits) if digits.isdigit() else number

# int refuses NaN and Infinity
JSON = json.JSONDecoder(object_pairs_hook=unique, parse_constant=int, parse_int=integer,
                        parse_float=finite)

def from_json(text):
    """Reads JSON as §2 wants it, which means the same to every parser."""
    value = JSON.decode(text)
    if "\\u" in text or text.count("{") + text.count("[") > 32: well_formed(value, 32)
    return value

def well_formed(value, levels):
    need(levels or not isinstance(value, (dict, list)), "edit", "nested too deep")
    if isinstance(value, str): value.encode()  # refuses half a surrogate pair
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    for item in inside if isinstance(value, (dict, list)) else (): well_formed(item, levels - 1)

def H(*parts): return sha256(b"".join(parts)).digest()

def base64(data): return b64encode(data).decode()

def unbase64(text):
    data = b64decode(text)
    need(base64(data) == text, "edit", "base64 has one spelling")
    return data

def kind_of(head):
    """The name of a record's kind; its number, where it has none in this version."""
    return KINDS[head.kind] if head.kind < len(KINDS) else str(head.kind)

def header(data):
    """The fields of a header (§2), whose own bounds hold, and the record hash."""
    head = Header(*HEADER.unpack(data), H(b"inferlayer/record/v1\0", data))
    of_content, known = head.flags & ~SKIPPABLE, head.kind < len(KINDS)
    lengths = range(1) if of_content in (0, 4) else range(88, 67_108_953)
    need(head.magic == b"ILAR" and head.version == 1
         and of_content in (0, 1, 3, 4) and head.content_len in lengths
         and 2 <= head.metadata_len <= 1 << 20, "corruption", "the header is none of version 1")
    need(known or head.flags & SKIPPABLE, "corruption",
         f"kind {head.kind} is unknown here, and the record lets no reader pass over it")
    need(not known or not head.flags & SKIPPABLE or kind_of(head) == "key_event", "corruption",
         "the flags would hide what is known")
    return head

def metadata_hash(metadata): return H(b"inferlayer/metadata/v1\0", metadata)

class Key:
    """A verifier key (§5)."""
    def __init__(self, text):
        self.text, (origin, _, encoded) = text, text.split("+", 2)
        self.origin, tagged = origin.encode(), unbase64(encoded)
        self.id = H(self.origin, b"\n", tagged)[:4]
        need(text == f"{origin}+{self.id.hex()}+{encoded}" and tagged[:1] == b"\1"
             and re.fullmatch("[!-~]{1,128}", origin), "edit", "this is no verifier key")
        self.ed25519 = Ed25519PublicKey.from_public_bytes(tagged[1:])
        self.log_id = H(b"inferlayer/log-id/v1\0", tagged[1:], self.origin)

    def line(self, signature):
        return b"\xe2\x80\x94 %b %b" % (self.origin, b64encode(self.id + signature))

    def opens(self, note):
        """Size and root of a note that this key signed; else None."""
        text = re.match(re.escape(self.origin) + NOTE, note)
        if not (text and note.endswith(b"\n") and int(text[1]) <= MAX
                and base64(b64decode(text[2])).encode() == text[2]): return None
        for line in note[text.end():].split(b"\n")[:-1]:
            try:
                signature = b64decode(line[-92:])[4:]
                self.ed25519.verify(signature, text[0][:-1])
                if line == self.line(signature): return int(text[1]), text[2].decode()
            except (InvalidSignature, ValueError): pass

def grow(peaks, size, record_hash):
    """Appends to a tree (§4) of `size` records, of which `peaks` are the full subtrees."""
    node = H(b"\0", record_hash)
    while size & 1: node, size = H(b"\1", peaks.pop(), node), size >> 1
    peaks.append(node)

def root_of(peaks):
    return base64(functools.reduce(lambda right, left: H(b"\1", left, right), peaks[::-1]))

def root_above(node, index, size, path):
    """The root above a leaf of a tree (§4) of `size`, by the path of an inclusion proof (§9)."""
    if size == 1 and not path: return node
    half, (*path, other) = 1 << (size - 1).bit_length() - 1, path
    if index < half: return H(b"\1", root_above(node, index, half, path), other)
    return H(b"\1", other, root_above(node, index - half, size - half, path))
