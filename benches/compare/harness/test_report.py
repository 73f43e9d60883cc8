"""Run with `python3 -m unittest discover benches/compare`."""

import unittest

from harness import report


def sample(cpu_us, **others):
    base = {"requests_per_second": 1000.0, "core_busy": 0.5, "p50_us": 10.0, "p99_us": 20.0}
    return base | {"ttft_p50_us": 5.0, "grown_mib": 0.0, "cpu_us": cpu_us} | others


def repeat(nginx, bare, gateway, **others):
    return {
        "direct": sample(5.0, p50_us=4.0),
        "nginx": sample(nginx),
        "bare Pingora": sample(bare),
        "gateway": sample(gateway, **others),
    }


class Report(unittest.TestCase):
    def test_ratios_are_taken_within_a_repeat(self):
        # A machine that slows down by ten between repeats changes nothing.
        repeats = [repeat(10, 20, 40), repeat(100, 200, 400), repeat(10, 20, 60)]
        self.assertEqual(report.ratio(repeats, "gateway", "bare Pingora"), 2.0)
        self.assertEqual(report.ratio(repeats, "gateway", "nginx"), 4.0)

    def test_latency_is_added_to_direct_of_the_same_repeat(self):
        repeats = [repeat(10, 20, 40, p50_us=54.0)]
        self.assertIn("50.0 [50.0–50.0]", row(report.table(repeats, stream=False), "gateway"))

    def test_only_streams_have_a_first_byte(self):
        repeats = [repeat(10, 20, 40)]
        self.assertNotIn("TTFT", report.table(repeats, stream=False)[0])
        self.assertIn("TTFT", report.table(repeats, stream=True)[0])

    def test_columns_line_up(self):
        lines = report.table([repeat(10, 20, 40_000)], stream=True)
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_threads_are_told_dearest_first(self):
        costs = [{"view": 10, "http": 50, "timer": 0.1}, {"http": 70, "view": 12, "new": 0.2}]
        repeats = [repeat(10, 20, 60, threads_us=cost) for cost in costs]
        self.assertEqual(report.by_thread(repeats, "gateway"), "http 60.0, view 11.0")

    def test_a_step_costs_what_it_has_more_within_a_repeat(self):
        # Ten times slower in one repeat: the ratio stays, the step is the median of 20, 200, 24.
        repeats = [repeat(10, 20, 40), repeat(100, 200, 400), repeat(10, 20, 44)]
        lines = report.ladder(repeats, [report.BARE, "gateway"])
        self.assertEqual(cells(row(lines, report.BARE))[2:], ["1.00", ""])
        self.assertEqual(cells(row(lines, "gateway"))[2:], ["2.00", "+24.0"])

    def test_a_step_can_cost_less(self):
        lines = report.ladder([repeat(10, 60, 40)], [report.BARE, "gateway"])
        self.assertEqual(cells(row(lines, "gateway"))[2:], ["0.67", "-20.0"])

    def test_refusals_are_told_beside_bare(self):
        lines = report.refusals([repeat(10, 20, 30)], ["gateway"])
        self.assertEqual(cells(row(lines, "gateway")), ["gateway", "30.0 [30.0–30.0]", "1.50"])

    def test_the_verdict_states_what_is_held_against_the_limit(self):
        measured, sentence = report.verdict([repeat(10, 20, 51)], "gateway")
        self.assertGreater(measured, report.LIMIT_X_BARE)
        self.assertIn("2.55 × bare Pingora", sentence)

    def test_a_noisy_machine_is_told(self):
        steady = [repeat(cpu, 20, 40) for cpu in (100, 110, 114)]
        self.assertIsNone(report.unsteady(steady, "nginx"))
        noisy = [repeat(cpu, 20, 40) for cpu in (100, 100, 150)]
        self.assertAlmostEqual(report.unsteady(noisy, "nginx"), 0.5)


def row(lines, name):
    return next(line for line in lines if line.startswith(f"| {name} "))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


if __name__ == "__main__":
    unittest.main()
