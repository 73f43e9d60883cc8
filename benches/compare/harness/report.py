"""Samples become tables. Ratios and added latencies are taken within a repeat, where both sides
saw the same machine, and only then is the median taken over repeats."""

from statistics import median

BARE = "bare Pingora"
LIMIT_X_BARE = 2.5
# Beyond this the machine was not quiet, whatever the medians say.
STEADY_SPREAD = 0.15


def table(repeats, stream):
    """Lines of a Markdown table. `repeats` is a list of {target name: sample}."""
    columns = {
        "CPU µs": ("cpu_us", lambda s, _: s["cpu_us"]),
        "requests/s": ("rps", lambda s, _: s["requests_per_second"]),
        "core busy %": ("busy", lambda s, _: 100 * s["core_busy"]),
        "p50 added µs": ("p50", lambda s, r: s["p50_us"] - r["direct"]["p50_us"]),
        "p99 added µs": ("p99", lambda s, r: s["p99_us"] - r["direct"]["p99_us"]),
    }
    if stream:
        first = lambda s, r: s["ttft_p50_us"] - r["direct"]["ttft_p50_us"]  # noqa: E731
        columns["TTFT p50 added µs"] = ("ttft", first)
        columns["MiB grown"] = ("grown", lambda s, _: s["grown_mib"])
    names = list(repeats[0])
    header = ["target", *columns, "× nginx", "× bare"]
    rows = [header]
    for name in names:
        cells = [
            spread([value(repeat[name], repeat) for repeat in repeats])
            for _, value in columns.values()
        ]
        ratios = [f"{ratio(repeats, name, base):.2f}" for base in ("nginx", BARE)]
        rows.append([name, *cells, *ratios])
    return aligned(rows)


def ladder(repeats, steps):
    """Lines of a Markdown table: what each step costs, and how much more than the one before."""
    rows = [["step", "CPU µs", "× bare", "step µs"]]
    for below, step in zip([None, *steps], steps):
        more = [repeat[step]["cpu_us"] - repeat[below]["cpu_us"] for repeat in repeats if below]
        rows.append([*cost(repeats, step), f"{median(more):+.1f}" if more else ""])
    return aligned(rows)


def refusals(repeats, names):
    """Lines of a Markdown table: what each refusal costs."""
    return aligned([["refused", "CPU µs", "× bare"], *(cost(repeats, name) for name in names)])


def cost(repeats, name):
    spent = spread([repeat[name]["cpu_us"] for repeat in repeats])
    return [name, spent, f"{ratio(repeats, name, BARE):.2f}"]


def by_thread(repeats, name):
    """Where a target's CPU µs go, by the names of its threads; a hundredth and less left out."""
    threads = {thread for repeat in repeats for thread in repeat[name]["threads_us"]}
    costs = {t: median(repeat[name]["threads_us"].get(t, 0) for repeat in repeats) for t in threads}
    dearest_first = sorted(costs.items(), key=lambda cost: -cost[1])
    least = sum(costs.values()) / 100
    return ", ".join(f"{thread} {us:.1f}" for thread, us in dearest_first if us > least)


def ratio(repeats, name, base):
    """Median over repeats of the CPU per request of one target by another's."""
    return median(repeat[name]["cpu_us"] / repeat[base]["cpu_us"] for repeat in repeats)


def unsteady(repeats, name):
    """How far a target's CPU per request strays from its median, if that is too far; else None."""
    values = [repeat[name]["cpu_us"] for repeat in repeats]
    middle = median(values)
    worst = max(abs(value - middle) / middle for value in values)
    return worst if worst > STEADY_SPREAD else None


def verdict(repeats, name):
    """The ratio that is held against the limit, and the sentence that says so."""
    measured = ratio(repeats, name, BARE)
    sentence = (
        f"everything on and durable: {measured:.2f} × {BARE} in CPU per request "
        f"at 32 connections (limit {LIMIT_X_BARE})"
    )
    return measured, sentence


def spread(values):
    """The median, and the range it lies in."""
    middle = median(values)
    digits = 1 if abs(middle) < 100 else 0
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return f"{middle:.{digits}f} [{low}–{high}]"


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    pad = [str.ljust] + [str.rjust] * (len(widths) - 1)
    lines = [
        "| " + " | ".join(p(c, w) for p, c, w in zip(pad, row, widths)) + " |" for row in rows
    ]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return lines
