"""The table of a run, and what is wrong in it."""

from dataclasses import dataclass

LIMIT_X_QUIET = 5.0
COLUMNS = ["phase", "requests", "failed", "p50 ms", "p99 ms", "× quiet", "peak MiB"]
COLUMNS += ["the attackers"]


@dataclass(frozen=True)
class Sample:
    """A phase as the normal client saw it. An attacked one stands between two quiet ones."""

    name: str
    did: list
    ms: list
    failures: dict
    peak_kib: int

    def percentile(self, part):
        return percentile(self.ms, part)


def percentile(values, part):
    """The value that so large a part of all does not exceed; None without any."""
    ranked = sorted(values)
    return ranked[min(int(part * len(ranked)), len(ranked) - 1)] if ranked else None


def x_quiet(samples, at):
    """p99 in the p99 of the quiet phases before and after, taken together; None for those."""
    if not samples[at].did or not samples[at].ms:
        return None
    quiet = percentile(samples[at - 1].ms + samples[at + 1].ms, 0.99)
    return samples[at].percentile(0.99) / quiet if quiet else None


def beyond(samples):
    """The phases in which a normal request failed or was too slow, named."""
    return [
        sample.name
        for at, sample in enumerate(samples)
        if sample.failures or (x_quiet(samples, at) or 0) > LIMIT_X_QUIET
    ]


def table(samples):
    rows = [COLUMNS] + [row(samples, at) for at in range(len(samples))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    return lines + [f"failed, {s.name}: {named(s.failures)}" for s in samples if s.failures]


def row(samples, at):
    sample, failed = samples[at], sum(samples[at].failures.values())
    return [
        sample.name, str(len(sample.ms) + failed), str(failed),
        number(sample.percentile(0.5), 2), number(sample.percentile(0.99), 2),
        number(x_quiet(samples, at), 1), number(sample.peak_kib / 1024, 0),
        "; ".join(map(named, sample.did)),
    ]  # fmt: skip


def named(counts):
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def number(value, digits):
    return "–" if value is None else f"{value:.{digits}f}"
