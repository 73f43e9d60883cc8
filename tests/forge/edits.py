"""One edit of a log, by somebody who holds its keys. Each takes a source of chance and a log, and
answers the segments' bytes and what was done, in words."""
import copy
import json

from verify_writer import RETENTION, ROTATION, SNAPSHOT, RESTORE, OPEN, Signer, b64

from forged import Note, Record
from logs import SEEDS, STRANGER

# Metadata's values as they are spelled.
SPELLED = ("null true false 0 1 2 5 -1 -0 0.0 1e0 1.5 1e999 9007199254740993 18446744073709551615 "
           "18446744073709551616 1099511627776 4294967296 " + "9" * 400).split() + [
    '""', '"0"', '"x"', '"+5"', '"\\ud800"', "[]", "{}", "[[]]", "[{}]", '{"a":1,"a":1}',
    "[" * 40 + "]" * 40, '"' + "0" * 64 + '"', '"' + "A" * 64 + '"', '"open"', '"retention"',
    '"restore"', '"snapshot"', '"signing_key_rotation"', "[[0,1]]"]
MARK = "\u2400mark"


def done(base, journal, what):
    segments = journal.write()
    last = max(segments)
    segments[last] += base.tail
    return segments, what


def nothing(chance, base):
    return done(base, base.journal.copy(), "nothing")


def header(chance, base):
    """A field of a header says something else."""
    journal = base.journal.copy()
    record = chance.choice(journal.records())
    field = chance.choice([name for name in record.fields if name != "magic"])
    was = record.fields[field]
    if isinstance(was, int):
        value = chance.choice((0, 1, 2, 3, 4, 5, 7, 12, was + 1, max(0, was - 1), was ^ 1, 1 << 15))
    else:
        value = chance.choice((bytes(len(was)), bytes([chance.randrange(256)]) + was[1:]))
    record.edit(field, value)
    return done(base, journal, f"{field} of a record of kind {record.fields['kind']}: {value!r}")


def metadata(chance, base):
    """A member of the metadata is spelled otherwise, gone, or there twice."""
    journal = base.journal.copy()
    own = [record for record in journal.records()
           if record.fields["kind"] in (OPEN, ROTATION, RETENTION, SNAPSHOT, RESTORE)]
    record = chance.choice(own if chance.random() < .8 else journal.records())
    says = json.loads(record.metadata)
    holder, name = chance.choice([*places(says)] or [(says, "new")])
    how = chance.choice(("spell", "spell", "spell", "drop", "twice", "add")) if says else "add"
    value, record.stale = chance.choice(SPELLED), True
    if how == "spell": holder[name] = MARK
    elif how == "drop": del holder[name]
    elif how == "add": says["new"] = MARK
    text = json.dumps(says).replace(json.dumps(MARK), value)
    if how == "twice":
        member = chance.choice(list(says))
        text = "{" + f"{json.dumps(member)}:{json.dumps(says[member])}," + text[1:]
    if chance.random() < .05: text = chance.choice((" " + text, text + " ", text + "x", text[:-1]))
    record.metadata = text.encode()
    return done(base, journal, f"{how} {name} of kind {record.fields['kind']}: {text:.300}")


def places(says):
    """Every member and item, with what holds it."""
    inside = says.items() if isinstance(says, dict) else enumerate(says)
    for name, value in inside:
        yield says, name
        if isinstance(value, (dict, list)): yield from places(value)


def note(chance, base):
    """A checkpoint says something else, or is signed by somebody else."""
    journal = base.journal.copy()
    edited, kind = chance.choice(journal.notes()), chance.randrange(12)
    size = chance.choice((0, 1, 5, 99, (1 << 64) - 1, 1 << 64, 10 ** 30))
    texts = {0: lambda text: resized(text, str(size)), 1: lambda text: resized(text, "07"),
             2: lambda text: text + b"extension\n", 3: lambda text: b"x" + text,
             4: lambda text: rooted(text, b64(bytes(32))),
             5: lambda text: rooted(text, b64(bytes(31) + b"\1")[:-2] + "F=")}
    notes = {6: lambda told: told[:-1], 7: lambda told: told + "— w AAAA\n".encode(),
             8: lambda told: told + b"\xff\n", 9: lambda told: told + b"\n\n",
             10: lambda told: told.replace(b"\n\n", b"\n\n\n", 1)}
    if kind in texts: edited.text = texts[kind]
    elif kind in notes: edited.note = notes[kind]
    else:
        seeds = chance.sample((*SEEDS, STRANGER), chance.choice((1, 2)))
        edited.signers = [Signer(base.log.origin, seed) for seed in seeds]
    return done(base, journal, f"note, way {kind}, {size}")


def resized(text, size):
    origin, _, root, end = text.split(b"\n")
    return b"\n".join([origin, size.encode(), root, end])


def rooted(text, root):
    origin, size, _, end = text.split(b"\n")
    return b"\n".join([origin, size, root.encode(), end])


def frames(chance, base):
    """A frame is gone, there twice, or elsewhere; numbers go on without gaps or do not."""
    journal = base.journal.copy()
    segment = chance.choice(journal.segments)[1]
    at, how = chance.randrange(len(segment)), chance.choice(("drop", "double", "move", "swap"))
    frame = segment[at]
    if how == "double": segment.insert(at, copy.deepcopy(frame))
    elif how != "swap": del segment[at]
    if how == "move":
        target = chance.choice(journal.segments)[1]
        target.insert(chance.randrange(len(target) + 1), frame)
    if how == "swap" and at: segment[at - 1:at + 1] = segment[at], segment[at - 1]
    renumbered = chance.random() < .5
    journal.segments = [part for part in journal.segments if part[1]]
    if not any(isinstance(frame, Record) for part in journal.segments[:1] for frame in part[1]):
        return done(base, base.journal.copy(), "nothing")
    if renumbered: journal.renumber()
    kind = "note" if isinstance(frame, Note) else frame.fields["kind"]
    return done(base, journal, f"{how} a frame of kind {kind}, renumbered {renumbered}")


def segments(chance, base):
    """A segment is gone, or has another name."""
    written, what = done(base, base.journal.copy(), "")
    name = chance.choice([*written])
    data = written.pop(name)
    if chance.random() < .6:
        other = chance.choice((name + 1, 0, 99, (1 << 64) - 1, 1 << 64, 10 ** 20 - 1))
        written.setdefault(other, data)
        what = f"segment {name} is named {other}"
    return written, what or f"segment {name} is gone"


def raw(chance, base):
    """Bytes of a segment are others, cut, zeroed or there twice; nothing is signed for it."""
    written, _ = done(base, base.journal.copy(), "")
    name = chance.choice([*written])
    data, how = written[name], chance.choice(("flip", "cut", "zero", "append", "slice"))
    at = chance.randrange(len(data))
    end = min(len(data), at + chance.choice((1, 4, 50, 300)))
    written[name] = {
        "flip": lambda: data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:],
        "cut": lambda: data[:at], "zero": lambda: data[:at] + bytes(end - at) + data[end:],
        "append": lambda: data + chance.choice((bytes(99), b"junk", data[at:end], b"ILCP\0")),
        "slice": lambda: data[:at] + data[end:]}[how]()
    return written, f"{how} segment {name} from {at} to {end}"


EDITS = [nothing, header, header, header, metadata, metadata, metadata, metadata, note, frames,
         frames, segments, raw, raw]
