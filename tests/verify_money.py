"""What a log says of money (FORMAT.md §12): states folded again, holds and costs computed again,
records compared with what they belong to. verify.py feeds it commits that hold, in order."""
from collections import Counter
from hashlib import sha256

from verify_members import (LARGEST, MISSING, TAG, UNREADABLE, array, attempt, bound, charge,
                            charged, cost_of, dict_itself, entry, from_json_once, match, money,
                            named, number, quote, text, text_itself)
from verify_note import SKIPPABLE, kind_of
from verify_state import State

MOST_SHOWN = 20
USAGE = ("input_tokens", "cache_read.input_tokens", "cache_creation.input_tokens",
         "output_tokens")
SAYING = "intent outcome refusal hit config key_event shred snapshot".split()

class Money:
    """The state of §12, and what contradicts it."""

    def __init__(self):
        self.waits, self.found, self.first, self.snapshots = [], [], None, 0
        self.state, self.stated, self.claimed = State(), None, {}
        self.asked, self.books, self.prices = {}, {}, {}
        self.runs, self.tags, self.owners, self.shreds = {}, {}, {}, set()
        self.named, self.nameless = 0, []
        self.counts, self.unexplained, self.skipped = Counter(), 0, 0

    def record(self, segment, head, metadata):
        """A record, which counts when its commit holds."""
        self.waits.append((segment, head, metadata))

    def commit(self):
        for segment, head, metadata in self.waits:
            self.place, self.head = (segment, head.sequence), head
            if self.first is None: self.first = head.sequence
            try: self.take(kind_of(head), metadata)
            except UNREADABLE as bad:
                self.wrong("unreadable", f"not in the form of the document: {bad!r}")
        self.waits.clear()

    def wrong(self, verdict, what, place=None):
        segment, sequence = place or self.place
        self.found.append((verdict, segment, sequence, what))

    def cost(self, what): self.wrong("cost", what)

    def take(self, kind, metadata):
        if kind in ("open", "close"): self.state.end_run()
        if kind == "open": self.tags = {}
        if kind not in SAYING: return
        says = from_json_once(metadata.decode())
        if kind in ("intent", "outcome"):
            if says.get("tenant") is None:
                return self.nameless.append(self.place)
            self.named += 1
        getattr(self, kind)(says)

    def intent(self, says):
        tenant, hold = named(says), money(says, "hold_nano_usd")
        key, names = text(says, "key", None), array(says, "candidates", text_itself)
        quotes, digest = array(says, "quotes", quote), text(says, "prices_sha256", "")
        budgets = charged(says)
        self.owner(tenant, text(says, "request", None))
        if len(set(budgets)) < len(budgets):
            self.wrong("owner", "it is charged to one budget twice")
        self.state.intent(self.head.request_id, tenant, hold, budgets)
        self.asked[self.head.request_id] = tenant, key, names, quotes, budgets
        of_run = self.runs.setdefault(self.head.run_id, set())
        if of_run and bool(quotes) not in of_run and len(of_run) == 1:
            self.cost("it has quotes or has none, unlike others of its run")
        of_run.add(bool(quotes))
        if not quotes: return
        self.counts["holds"] += 1
        if len(quotes) != len(names):
            self.cost(f"{len(quotes)} quotes for {len(names)} candidates")
        for name, (used, price, amount, tier) in zip(names, quotes):
            if used and price:
                self.due(name, amount, bound(used, price))
                self.price(digest, *name.partition("/")[::2], tier, price)
            elif used or price:
                self.cost(f"the quote for {name} has tokens or a price alone")
        self.due("hold_nano_usd", hold, max(amount for _, _, amount, _ in quotes))

    def outcome(self, says):
        tenant, cost = named(says), money(says, "cost_nano_usd")
        key, digest = text(says, "key", None), text(says, "prices_sha256", "")
        estimated = says.get("estimated", False)
        attempts, charges = array(says, "attempts", attempt), array(says, "charges", charge)
        told = [number(says, f"gen_ai.usage.{name}", 0) for name in USAGE]
        if type(estimated) is not bool: raise TypeError("estimated")
        self.owner(tenant, text(says, "request", None))
        asked = self.asked.pop(self.head.request_id, None)
        claimed = self.state.outcome(self.head.request_id, tenant, cost)
        if asked is None and claimed: asked = claimed[0], MISSING, [], [], claimed[1]
        if asked and asked[4] and asked[4] != charged(says):
            self.wrong("owner", "the outcome is charged to other budgets than its intent")
        if asked and asked[0] != tenant:
            self.wrong("owner", f"the outcome is of {tenant}, its intent of {asked[0]}")
        if asked and asked[1] is not MISSING and asked[1] != key:
            self.wrong("owner", "another key than its intent")
        quoted = asked and asked[3]
        if not quoted and not charges:
            if cost: self.counts["costs unexplained"] += 1
            self.unexplained += cost
            return
        if asked and asked[1] is not MISSING and not quoted:
            return self.cost("it has charges, and its intent has no quotes")
        self.counts["costs"] += 1
        self.charges(digest, attempts, charges, told, asked[2:4] if quoted else None)
        self.due("cost_nano_usd", cost, min(LARGEST, sum(amount for *_, amount in charges)))
        if not estimated and any(basis not in ("usage", "flat") for _, basis, *_ in charges):
            self.cost("a charge is an estimate, and `estimated` is false")

    def charges(self, digest, attempts, charges, told, asked):
        numbers = [at for at, *_ in charges]
        if sorted(set(numbers)) != numbers:
            self.cost("an attempt is charged twice, or out of order")
        quotes = {}
        for at, (provider, model, *_) in enumerate(attempts):
            name = f"{provider}/{model}"
            if asked and name in asked[0][:len(asked[1])]:
                quotes[at] = asked[1][asked[0].index(name)]
        for at, basis, *of in charges:
            self.counts[basis] += 1
            if at >= len(attempts):
                self.cost(f"it has no attempt {at}")
                continue
            if asked and at not in quotes:
                self.cost("{}/{} is no candidate".format(*attempts[at]))
            label = f"attempt {at} ({basis})"
            self.charge(label, digest, attempts[at], basis, *of, told, quotes.get(at))
        for at, (_, _, result, status) in enumerate(attempts):
            billed = result in ("sent", "broken", "first_byte_timeout", "bad_answer",
                                "unreadable_answer")
            billed = billed or result == "answered" and (status is None or 200 <= status < 300)
            if billed and at not in numbers and quotes.get(at, (0, 0, 0))[2]:
                self.cost(f"attempt {at} is not charged")

    def charge(self, label, digest, attempt, basis, used, price, model, tier, amount, told, quote):
        if bool(used) != bool(price): return self.cost(f"{label} has tokens or a price alone")
        if not used: return self.whole(label, basis, amount, quote)
        self.due(label, amount, (bound if basis == "worst_case" else cost_of)(used, price))
        row = self.price(digest, attempt[0], model or attempt[1], tier, price)
        most = quote and quote[0]
        other = model or quote and quote[3] != tier
        fits = {"usage": lambda: fits_usage(used, told, most, other),
                "claimed": lambda: fits_claim(used, told, most, row),
                "own_count": lambda: not exceeds(used, told),
                "worst_case": lambda: not quote or (used, price) == quote[:2]}
        if basis not in fits or not fits[basis]():
            self.cost(f"{label}: not the tokens of this basis")

    def whole(self, label, basis, amount, quote):
        """A price for the whole of it, which is the quote's."""
        if basis not in ("flat", "worst_case"): return self.cost(f"{label} has no tokens")
        if quote: self.due(label, amount, quote[2])
        if quote and quote[1]: self.cost(f"{label} is whole, and its quote has tokens")

    def due(self, what, stated, due):
        if stated != due:
            self.cost(f"{what}: {stated} nano-USD are stated, and {due} are due")

    def price(self, digest, provider, model, tier, price):
        """The book's row; what no book so far shows is asked again at the end."""
        book = self.books.get(digest)
        if book is None:
            self.prices.setdefault((digest, provider, model, tier, price), self.place)
            return
        row = book.get((provider, model, tier))
        if not row or row["price"] != price:
            self.cost(f"{provider}/{model} has another price in its book, or none")
            return
        return row

    def book(self, text):
        digest = sha256(text.encode()).hexdigest()
        if digest not in self.books: self.books[digest] = dict(map(entry, from_json_once(text)))
        return digest

    def config(self, says):
        text(says, "source", ""), text(says, "config_sha256", "")
        book, digest = text(says, "price_book", None), text(says, "prices_sha256", None)
        if book is None: return
        self.state.book = book
        if self.book(book) != digest: self.cost("its price_book has another SHA-256")

    def key_event(self, says): self.state.key_event(says, self.head.flags & SKIPPABLE)

    def shred(self, says):
        tenant, tag = named(says), match(says, "tenant_tag", TAG)
        text(says, "event"), text(says, "reason")
        self.owner(tenant, None)
        if tag != self.head.tenant_tag.hex():
            self.wrong("owner", "the shred's tenant_tag is not its header's")
        self.shreds.add(self.head.tenant_tag)
        self.state.shredded[tenant, tag.lower()] += 1

    def hit(self, says): self.maybe_owner(says)
    def refusal(self, says): self.maybe_owner(says)

    def maybe_owner(self, says):
        request = text(says, "request", None)
        if says.get("tenant") is not None: self.owner(named(says), request)

    def owner(self, tenant, request):
        tag, id = self.head.tenant_tag, self.head.request_id
        if any(tag): self.tag(tenant, tag)
        elif kind_of(self.head) != "refusal":
            self.wrong("owner", f"it names {tenant} and has no tenant_tag")
        if request is not None and any(id) and request.replace("-", "") != id.hex():
            self.wrong("owner", f"it names request {request}, and its request_id is {id.hex()}")

    def tag(self, tenant, tag):
        if self.owners.setdefault(tag, tenant) != tenant:
            return self.wrong("owner", f"its tenant_tag is that of {self.owners[tag]}")
        current = self.tags.setdefault(tenant, tag)
        if current != tag and tag not in self.shreds:
            self.tags[tenant] = tag
            if current not in self.shreds:
                self.wrong("owner", f"{tenant} had another tenant_tag in this run")

    def snapshot(self, says):
        part, parts = number(says, "part"), number(says, "parts")
        if part == 0: self.stated = State()
        if self.stated is None: return
        try:
            for item in array(says, "state", dict_itself): self.stated.restore(item)
            if part + 1 < parts: return
            if self.stated.book is not None: self.book(self.stated.book)
        except UNREADABLE:
            self.stated = None
            raise
        stated, self.stated = self.stated, None
        self.skipped += stated.skipped
        if self.first == self.place[1] - part:
            self.state, self.claimed = stated, stated.sums()
            return
        self.snapshots += 1
        differs = self.state.facts().items() ^ stated.facts().items()
        if differs:
            subject, value = min(differs, key=lambda fact: str(fact[0]))
            ours, theirs = self.state.facts().get(subject), stated.facts().get(subject)
            place = self.place[0], self.place[1] - part
            what = f"{subject}: {ours} by the records, {theirs} by the snapshot"
            self.wrong("state", what, place)

    def finish(self):
        """What was summed, line by line, and what contradicts, the first record first."""
        self.waits.clear()
        hidden = 0
        for (digest, provider, model, tier, price), place in self.prices.items():
            self.place = place
            if digest in self.books: self.price(digest, provider, model, tier, price)
            elif self.first: hidden += 1
            else: self.cost(f"no price book that {provider}/{model} is from")
        if self.named and self.nameless:
            what = f"{len(self.nameless)} intents or outcomes name no tenant"
            self.wrong("unreadable", what, self.nameless[0])
        lines = [f"{self.snapshots} snapshots state what the records before them say"]
        told = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        lines.append(f"computed again: {told or 'nothing'}; "
                     f"{self.unexplained} nano-USD unexplained, {hidden} prices not shown")
        skipped = self.skipped + self.state.skipped
        if skipped: lines.append(f"{skipped} key events or items of snapshots are not known here, "
                                 "and change nothing")
        if self.nameless: lines.append("no intent and no outcome names a tenant: no money is shown")
        lines += [f"spent by {name}: {sum(of)} nano-USD"
                  for name, of in sorted(self.state.sums().items())]
        lines += [f"of that, {sum(of)} of {name} only as the first snapshot claims it"
                  for name, of in sorted(self.claimed.items()) if sum(of)]
        return lines, sorted(self.found, key=lambda found: found[2])


def exceeds(a, b): return a[0] > b[0] or a[3] > b[3]

def fits_usage(used, told, most, other):
    output = used[3] == told[3] or other and used[3] < told[3]
    return used[0] == told[0] and output and not (most and exceeds(told, most))

def fits_claim(used, told, most, row):
    if exceeds(used, told) or most and not exceeds(told, most): return False
    if not most or not row: return True
    cap = row["max_output_tokens"]
    whole = used[3] == told[3] or not cap or used[3] % cap == 0
    return whole and used[0] == min(told[0], max(row["context_tokens"], most[0]))
