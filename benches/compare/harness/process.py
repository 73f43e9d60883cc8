"""Processes of a run: started on one core, measured by their CPU clocks, ended with the run."""

import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 10
SETTLE_SECONDS_MAX = 5


class Failure(Exception):
    """Something could not be measured; the text says what, to a person."""


class Process:
    """A started command. Its log is `<folder>/<name>.log`."""

    def __init__(self, name, command, core, folder):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        with open(self.log, "wb") as log:
            self._popen = subprocess.Popen(
                on_core(core, command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_for_port(self, port):
        """Returns when the process accepts connections."""
        ends = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < ends:
            if self._popen.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise Failure(f"{self.name} does not start: {self.last_words()}")

    def cpu_ns(self):
        """User and system time of all threads and child processes, the ended threads included."""
        return sum(cpu_clock_ns(pid) for pid in tree(self._popen.pid))

    def threads_ns(self):
        """CPU time by thread name, numbered threads together. Ended threads are not in it."""
        times = Counter()
        for pid in tree(self._popen.pid):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                name = (thread / "comm").read_text().strip().rstrip("0123456789").rstrip("-")
                times[name] += int((thread / "schedstat").read_text().split()[0])
        return times

    def settled_cpu_ns(self):
        """`cpu_ns` once nothing runs any more: work left over from answered requests counts."""
        ends = time.monotonic() + SETTLE_SECONDS_MAX
        before, now = -1, self.cpu_ns()
        # 0.5 ms in 50 ms is what idle timers take, and not work.
        while now - before > 500_000 and time.monotonic() < ends:
            time.sleep(0.05)
            before, now = now, self.cpu_ns()
        return now

    def resident_kib(self):
        """Memory in use by it and all below it."""
        return sum(status_kib(pid, "VmRSS") for pid in tree(self._popen.pid))

    def peak_resident_kib(self):
        """The most since `forget_peak`, of each process by itself."""
        return sum(status_kib(pid, "VmHWM") for pid in tree(self._popen.pid))

    def forget_peak(self):
        for pid in tree(self._popen.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self):
        self._popen.terminate()
        try:
            self._popen.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def last_words(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing"


def on_core(core, command):
    """On one core, and ended by the kernel if whoever started it is gone, however that came."""
    ends_with_us = ["setpriv", "--pdeathsig", "TERM"]
    return [*ends_with_us, "taskset", "--cpu-list", str(core), *map(str, command)]


def cpu_clock_ns(pid):
    """The CPU clock of another process, as clock_getcpuclockid(3) names it; finer than the
    10 ms ticks of /proc/PID/stat."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def status_kib(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0


def tree(pid):
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += tree(int(child))
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
