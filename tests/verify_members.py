"""Members of metadata as FORMAT.md (§12) has them: read, or an error of UNREADABLE. The formula of
amounts is here as well."""
import json, re
from collections import Counter

LARGEST, MISSING = 2 ** 64 - 1, object()
TENANT, KEY_ID, TAG = "[a-z0-9][a-z0-9._-]{0,63}", "[0-9a-f]{12}", "[0-9A-Fa-f]{32}"
UNREADABLE = ValueError, LookupError, TypeError, RecursionError

class Once(dict):
    """An object; a name that stands there twice is not to be read."""

    def __init__(self, pairs):
        super().__init__(pairs)
        names = Counter(name for name, _ in pairs)
        self.twice = {name for name, count in names.items() if count > 1}

    def __getitem__(self, name):
        if name in self.twice: raise ValueError(f"{name} stands there twice")
        return super().__getitem__(name)

    def get(self, name, absent=None): return self[name] if name in self else absent

from_json_once = json.JSONDecoder(object_pairs_hook=Once, parse_constant=int).decode

def text(says, name, absent=MISSING):
    value = says[name] if absent is MISSING else says.get(name)
    return absent if value is None and absent is not MISSING else text_itself(value)

def text_itself(value):
    if type(value) is not str: raise TypeError(f"{value!r} is no string")
    return value

def dict_itself(value):
    if not isinstance(value, dict): raise TypeError(f"{value!r} is no object")
    return value

def match(says, name, pattern):
    value = text(says, name)
    if not re.fullmatch(pattern, value): raise ValueError(f"{name} is {value!r}")
    return value

def named(says): return match(says, "tenant", TENANT)

def money(says, name, absent=MISSING):
    if absent is not MISSING and says.get(name) is None: return absent
    value = int(match(says, name, "[0-9]{1,20}"))
    if value > LARGEST: raise ValueError(f"{name} is too large")
    return value

def number(says, name, absent=MISSING):
    value = says[name] if absent is MISSING else says.get(name, absent)
    if type(value) is not int or not 0 <= value <= LARGEST: raise TypeError(f"{name} is {value!r}")
    return value

def array(says, name, of):
    value = says.get(name, [])
    if type(value) is not list: raise TypeError(f"{name} is no array")
    return [of(each) for each in value]

def tokens(says):
    says = dict_itself(says)
    return [number(says, "input"), number(says, "cache_read", 0), number(says, "cache_write", 0),
            number(says, "output")]

def row(says):
    says = dict_itself(says)
    return (money(says, "input"), money(says, "cache_read", None),
            money(says, "cache_write", None), money(says, "output"))

def maybe(says, name, of): return of(says[name]) if says.get(name) is not None else None

def maybe_number(says, name): return number(says, name) if says.get(name) is not None else None

def quote(says):
    says = dict_itself(says)
    return (maybe(says, "used", tokens), maybe(says, "price", row), money(says, "nano_usd"),
            text(says, "service_tier", None))

def charge(says):
    says = dict_itself(says)
    basis = match(says, "basis", "usage|claimed|own_count|worst_case|flat")
    return (number(says, "attempt"), basis, maybe(says, "used", tokens), maybe(says, "price", row),
            text(says, "model", None), text(says, "service_tier", None), money(says, "nano_usd"))

def budget(says):
    says = dict_itself(says)
    return text(says, "budget"), text(says, "period")

def charged(says):
    """The budgets that a record counts against; none in records of older writers."""
    return tuple(array(says, "charged", budget))

def attempt(says):
    says = dict_itself(says)
    return (text(says, "provider"), text(says, "model"), text(says, "result"),
            maybe_number(says, "status"))

def entry(says):
    name = text(says, "provider"), text(says, "model"), text(says, "service_tier", None)
    return name, {"price": row(says), "context_tokens": number(says, "context_tokens"),
                  "max_output_tokens": number(says, "max_output_tokens")}

EVENTS = "key_created|key_revoked"

def event(says):
    """The fields of a key event by which two are equal."""
    what = match(says, "event", EVENTS)
    if what == "key_revoked": return what, match(says, "id", KEY_ID), number(says, "revoked_at")
    hashed = dict_itself(says["hash"])
    return (what, match(says, "id", KEY_ID), named(says), text(says, "label"), text(hashed, "salt"),
            text(hashed, "hmac_sha256"), number(says, "created_at"),
            maybe_number(says, "expires_at"))

# Amounts, in nano-dollars.

def cost_of(used, price):
    tokens, read, written, output = used
    read = min(read, tokens)
    written = min(written, tokens - read)
    fresh, dear = tokens - read - written, price[0]
    return amount(fresh * dear + read * either(price[1], dear) + written * either(price[2], dear)
                  + output * price[3])

def bound(used, price):
    dearest = max(each for each in price[:3] if each is not None)
    return amount(used[0] * dearest + used[3] * price[3])

def amount(sum): return min(-(-sum // 1_000_000), LARGEST)
def either(price, other): return other if price is None else price
