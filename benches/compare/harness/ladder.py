"""The ladder: what each part of the gateway adds to a request, one step more than the last, and
what a request costs that is refused early. All steps take turns, like the targets of a scenario."""

from dataclasses import replace

from harness.measure import Ask, Scenario
from harness.report import BARE
from harness.targets import NO_KEY, Variant

LADDER = Scenario("ladder", 32, False)
# What a gateway may go without.
OPTIONAL = ("classify", "cache")


def climb(rig, disk, memory):
    """Targets, bare Pingora first and all of the gateway last. Without `memory`, the step whose
    ledger is there is left out."""
    upstream = rig.mock(pace_ms=0).port
    steps = [replace(rig.bare(upstream), name=BARE)]
    if memory is not None:
        in_memory = rig.gateway(Variant("in-memory", memory, without=OPTIONAL), upstream)
        title = "authenticate, route, meter, audit; ledger in memory"
        steps.append(replace(in_memory, name=title))
    for variant, title in [
        (Variant("durable", disk, without=OPTIONAL), "the same, ledger on disk"),
        (Variant("classify", disk, without=("cache",)), "+ classify"),
        (Variant("everything", disk), "+ cache, all misses"),
    ]:
        steps.append(replace(rig.gateway(variant, upstream), name=title))
    hits = Ask(steps[-1].ask.model, same_question=True, cache_status="hit-exact")
    return [*steps, replace(steps[-1], name="all hits, answered by the cache", ask=hits)]


def refusals(gateway):
    """A gateway's targets that are refused before a provider is asked."""
    spent = Ask("auto", status=429)
    return [
        replace(gateway, name="401, unknown key", key=NO_KEY, ask=Ask("auto", status=401)),
        replace(gateway, name="404, unknown model", ask=Ask("no-such-model", status=404)),
        replace(gateway, name="429, budget spent", key=gateway.spent_key, ask=spent),
    ]
