"""What counts as wrong in a run, and against what a phase is compared."""

import unittest

from report import Sample, beyond, percentile, table, x_quiet


def sample(ms, did=(), failures=None):
    return Sample("phase" if did else "quiet", list(did), ms, failures or {}, 1024)


ATTACK = [{"opened": 1}]


class Report(unittest.TestCase):
    def test_a_percentile_is_one_of_the_values(self):
        self.assertEqual(percentile(range(1, 101), 0.99), 100)
        self.assertEqual(percentile(range(1, 101), 0.5), 51)
        self.assertIsNone(percentile([], 0.5))

    def test_an_attack_is_compared_with_the_quiet_before_and_after(self):
        samples = [sample([1.0] * 100), sample([8.0] * 100, ATTACK), sample([4.0] * 100)]
        self.assertEqual(x_quiet(samples, 1), 2.0)
        self.assertIsNone(x_quiet(samples, 0))

    def test_slow_and_failed_are_both_wrong(self):
        quiet = sample([1.0] * 100)
        slow = sample([5.1] * 100, ATTACK)
        failed = sample([1.0], ATTACK, {"no answer": 1})
        self.assertEqual(beyond([quiet, slow, quiet]), ["phase"])
        self.assertEqual(beyond([quiet, failed, quiet]), ["phase"])
        self.assertEqual(beyond([quiet, sample([5.0] * 100, ATTACK), quiet]), [])

    def test_a_phase_without_an_answer_has_a_row(self):
        lines = table([sample([1.0]), sample([], ATTACK, {"no answer": 2}), sample([1.0])])
        self.assertEqual(lines[2].split(), ["phase", "2", "2", "–", "–", "–", "1", "opened", "1"])
        self.assertEqual(lines[4], "failed, phase: no answer 2")


if __name__ == "__main__":
    unittest.main()
