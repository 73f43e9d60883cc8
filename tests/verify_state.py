"""Keys and balances as the records of a log, or a snapshot, state them (FORMAT.md §12, State)."""
import re
from collections import Counter

from verify_members import TAG, EVENTS, charged, dict_itself, event, match, money, named, text

ITEMS = "key_event spent hold shredded price_book".split()

class State:
    """Keys and balances as records, or a snapshot's items, say them."""

    def __init__(self):
        self.events, self.spent, self.holds, self.book = [], Counter(), {}, None
        self.shredded, self.skipped = Counter(), 0

    def intent(self, id, tenant, hold, budgets):
        if not any(id): raise ValueError("an intent without request_id")
        if id in self.holds: self.spent[self.holds[id][0]] += self.holds[id][1]
        self.holds[id] = tenant, hold, False, budgets

    def outcome(self, id, tenant, cost):
        self.spent[tenant] += cost
        held = self.holds.pop(id, None)
        return held and (held[0], held[3])

    def end_run(self):
        self.holds = {id: (tenant, hold, True, budgets)
                      for id, (tenant, hold, _, budgets) in self.holds.items()}

    def sums(self):
        """Spent and held, by tenant."""
        sums = {tenant: [spent, 0] for tenant, spent in self.spent.items()}
        for tenant, hold, cut, _ in self.holds.values():
            sums.setdefault(tenant, [0, 0])[not cut] += hold
        return sums

    def facts(self):
        return ({f"spent by {tenant}": spent for tenant, spent in self.spent.items() if spent}
                | {f"hold of request {id.hex()}": hold for id, hold in self.holds.items()}
                | {f"key event {at}": event for at, event in enumerate(self.events)}
                | {f"destroyed key {tag} of {tenant}": times
                   for (tenant, tag), times in self.shredded.items()}
                | ({"price book": self.book} if self.book else {}))

    def key_event(self, says, skippable):
        """One that is known changes something, and may not be passed over."""
        known = re.fullmatch(EVENTS, text(says, "event"))
        if skippable and known: raise ValueError("a key event that is known is to be passed over")
        if skippable: self.skipped += 1
        else: self.events.append(event(says))

    def restore(self, item):
        skippable = item.get("skippable")
        (kind, says), = [member for member in item.items() if member[0] != "skippable"]
        if kind not in ITEMS and skippable is True:
            self.skipped += 1
            return
        if "skippable" in item: raise ValueError(f"{kind} is no item to be passed over")
        says = dict_itself(says)
        if kind == "key_event": self.events.append(event(says))
        elif kind == "spent":
            if named(says) in self.spent: raise ValueError("two sums of one tenant")
            self.spent[named(says)] = int(match(says, "nano_usd", "[0-9]{1,39}"))
        elif kind == "hold":
            id, cut = bytes.fromhex(match(says, "request", TAG)), says["cut"]
            if id in self.holds or type(cut) is not bool: raise ValueError("no hold, or one twice")
            self.holds[id] = named(says), money(says, "nano_usd"), cut, charged(says)
        elif kind == "shredded":
            self.shredded[named(says), match(says, "tenant_tag", TAG).lower()] += 1
        elif kind == "price_book": self.book = (self.book or "") + text(says, "text")
        else: raise ValueError(kind)
