"""One turn of one target under load, as a sample: plain numbers for the raw file and the tables."""

import json
import os
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass

from harness.process import Failure, on_core

SCRAPE_SECONDS = 1.0
WARM_UP_SECONDS = 0.3


@dataclass(frozen=True)
class Scenario:
    name: str
    connections: int
    stream: bool
    # Between the events of a stream.
    pace_ms: int = 0

    @property
    def title(self):
        pace = f" every {self.pace_ms} ms" if self.pace_ms else ""
        kind = f"SSE, 64 deltas{pace}" if self.stream else "JSON, 1 KB request"
        plural = "" if self.connections == 1 else "s"
        return f"{kind}, {self.connections} connection{plural}"


@dataclass(frozen=True)
class Ask:
    """What a target is asked, and what counts as its answer."""

    model: str = "bench-small"
    same_question: bool = False
    status: int = 200
    cache_status: str = ""

    def options(self):
        """For `load`."""
        options = ["--model", self.model, "--status", self.status]
        options += ["--same-question"] if self.same_question else []
        return options + (["--cache-status", self.cache_status] if self.cache_status else [])


# A model's pace, and many who listen at once; by themselves, because they take their time.
STREAMS = [
    Scenario("sse-1-paced", 1, True, 20),
    Scenario("sse-32-paced", 32, True, 20),
    Scenario("sse-1000-paced", 1000, True, 100),
]

SCENARIOS = [
    Scenario("json-1", 1, False),
    Scenario("json-32", 32, False),
    Scenario("sse-1", 1, True),
    Scenario("sse-32", 32, True),
]


def take_turns(targets, scenario, repeats, seconds, load, core):
    """Targets in turns inside each repeat: a list of {target name: sample}."""
    for target in targets:
        run_load(target, scenario, WARM_UP_SECONDS, load, core)
    return [
        {target.name: sample(target, scenario, seconds, load, core) for target in targets}
        for _ in range(repeats)
    ]


def sample(target, scenario, seconds, load, core):
    """Loads a target; CPU time is of the whole turn, connecting and left-over work included."""
    before = target.process.settled_cpu_ns()
    target.process.forget_peak()
    idle_kib = target.process.resident_kib()
    threads_before = target.process.threads_ns()
    with scraped(target.metrics_port):
        said = run_load(target, scenario, seconds, load, core)
    cpu_us = (target.process.settled_cpu_ns() - before) / 1000
    threads = target.process.threads_ns() - threads_before
    requests = said["requests"]
    if requests == 0 or said["errors"] > 0:
        raise Failure(
            f"{target.name}, {scenario.title}: {requests} whole answers, {said['errors']} errors, "
            f"the first: {said['first_error']}"
        )
    return said | {
        "target": target.name,
        "cpu_us": cpu_us / requests,
        "grown_mib": (target.process.peak_resident_kib() - idle_kib) / 1024,
        "requests_per_second": requests / said["seconds"],
        "core_busy": cpu_us / 1e6 / said["seconds"],
        "threads_us": {name: ns / 1000 / requests for name, ns in threads.items()},
    }


def run_load(target, scenario, seconds, load, core):
    command = [load, "--target", f"127.0.0.1:{target.port}", "--seconds", seconds]
    command += ["--connections", scenario.connections, *target.ask.options()]
    command += ["--stream"] if scenario.stream else []
    environment = os.environ | {"COMPARE_KEY": target.key}
    done = subprocess.run(on_core(core, command), env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"load on {target.name} fails: {done.stderr.strip()}")
    return json.loads(done.stdout)


@contextmanager
def scraped(port):
    """Reads the metrics at `port` at once and then every second, as Prometheus would at most."""
    if not port:
        yield
        return
    ended = threading.Event()
    failures = []

    def scrape():
        url = f"http://127.0.0.1:{port}/metrics"
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    answer.read()
            except OSError as error:
                failures.append(error)
            if ended.wait(SCRAPE_SECONDS):
                return

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failures:
        raise Failure(f"cannot read metrics: {failures[0]}")
