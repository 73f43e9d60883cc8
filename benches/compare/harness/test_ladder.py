"""The ladder's steps, on a rig that starts nothing."""

import unittest
from pathlib import Path

from harness import ladder
from harness.measure import Ask
from harness.process import Failure
from harness.report import BARE
from harness.targets import HERE, NO_KEY, Target, without_filters

FILTERS = ["authenticate", "classify", "cache", "route", "meter", "audit"]


class DryRig:
    """Gives each target a port of its own and remembers which way each gateway is run."""

    def __init__(self):
        self.variants = {}

    def mock(self, pace_ms):
        return Target("direct", 1, None)

    def bare(self, upstream):
        return Target("bare", 2, None)

    def gateway(self, variant, upstream):
        port = 3 + len(self.variants)
        self.variants[port] = variant
        return Target(variant.name, port, None, "a key", "a spent key", variant.ask())


class Ladder(unittest.TestCase):
    def climb(self, memory=Path("memory")):
        rig = DryRig()
        return rig, ladder.climb(rig, Path("disk"), memory)

    def test_each_gateway_has_one_thing_more_than_the_last(self):
        rig, steps = self.climb()
        self.assertEqual(steps[0].name, BARE)
        variants = [rig.variants[step.port] for step in steps[1:]]
        left_out = [len(variant.without) for variant in variants]
        self.assertEqual(left_out, [2, 2, 1, 0, 0])
        self.assertEqual(variants[2].without, ("cache",))
        roots = [variant.data_root.name for variant in variants]
        self.assertEqual(roots, ["memory", "disk", "disk", "disk", "disk"])

    def test_without_memory_only_its_step_is_left_out(self):
        names = [step.name for step in self.climb()[1]]
        self.assertEqual([step.name for step in self.climb(None)[1]], [names[0], *names[2:]])

    def test_misses_and_hits_are_told_apart_on_one_gateway(self):
        misses, hits = self.climb()[1][-2:]
        self.assertEqual(misses.port, hits.port)
        self.assertEqual(misses.ask, Ask("auto", cache_status="miss"))
        self.assertEqual(hits.ask, Ask("auto", same_question=True, cache_status="hit-exact"))

    def test_each_refusal_expects_its_status(self):
        refusals = ladder.refusals(self.climb()[1][-1])
        self.assertEqual([target.ask.status for target in refusals], [401, 404, 429])
        self.assertEqual([target.key for target in refusals], [NO_KEY, "a key", "a spent key"])

    def test_names_are_keys_of_samples(self):
        steps = self.climb()[1]
        names = [target.name for target in steps + ladder.refusals(steps[-1])]
        self.assertEqual(len(set(names)), len(names))


class Filters(unittest.TestCase):
    config = (HERE / "gateway.yaml").read_text()

    def filters(self, config):
        lines = config.split("filters:\n")[1].splitlines()
        return [line.split(":")[0].removeprefix("  - ") for line in lines]

    def test_everything_is_on_in_order(self):
        self.assertEqual(self.filters(self.config), FILTERS)

    def test_a_filter_left_out_takes_nothing_else_with_it(self):
        rest = without_filters(self.config, ladder.OPTIONAL)
        self.assertEqual(self.filters(rest), [f for f in FILTERS if f not in ladder.OPTIONAL])
        self.assertEqual(rest.split("filters:")[0], self.config.split("filters:")[0])

    def test_a_filter_that_is_not_there_is_told(self):
        with self.assertRaisesRegex(Failure, "no one line for the filter redact"):
            without_filters(self.config, ("redact",))


if __name__ == "__main__":
    unittest.main()
