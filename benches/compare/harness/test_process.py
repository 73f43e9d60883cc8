"""The CPU time of a process is all of it: threads and children, ended threads included."""

import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from harness.process import Failure, Process, cpu_clock_ns, free_port, tree

BURN = """
import subprocess, sys, threading, time
def burn():
    ends = time.thread_time() + 0.2
    while time.thread_time() < ends:
        pass
"""
# The child ends with its parent, which holds the other end of its standard input.
CHILD = BURN + "burn(); sys.stdin.read()"
PARENT = BURN + (
    "thread = threading.Thread(target=burn); thread.start(); thread.join()\n"
    "subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=subprocess.PIPE).wait()"
)


class Processes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.core = min(os.sched_getaffinity(0))

    def start(self, *words):
        process = Process("python", ["python3", "-c", *words], self.core, self.folder)
        self.addCleanup(process.stop)
        return process

    def test_ended_threads_and_children_count(self):
        process = self.start(PARENT, CHILD)
        pid = process._popen.pid
        while len(tree(pid)) < 2 or cpu_clock_ns(tree(pid)[1]) < 200_000_000:
            self.assertIsNone(process._popen.poll(), process.last_words())
        self.assertGreaterEqual(process.cpu_ns(), 400_000_000)
        self.assertGreaterEqual(process.threads_ns()["python"], 200_000_000)

    def test_a_process_that_ends_early_is_told_with_its_last_words(self):
        process = self.start("raise SystemExit('no such thing')")
        with self.assertRaisesRegex(Failure, "python does not start: no such thing"):
            process.wait_for_port(free_port())

    def test_it_ends_with_whoever_started_it(self):
        starter = (
            "import sys; from harness.process import Process\n"
            "process = Process('python', ['sleep', '60'], sys.argv[1], sys.argv[2])\n"
            "print(process._popen.pid, flush=True); sys.stdin.read()"
        )
        command = [sys.executable, "-c", starter, str(self.core), self.folder]
        bench = Path(__file__).resolve().parent.parent
        with subprocess.Popen(
            command, cwd=bench, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as started:
            pid = int(started.stdout.readline())
            while "sleep" not in Path(f"/proc/{pid}/comm").read_text():
                time.sleep(0.01)
            started.kill()
        ends = time.monotonic() + 5
        while Path(f"/proc/{pid}").exists() and time.monotonic() < ends:
            time.sleep(0.01)
        self.assertFalse(Path(f"/proc/{pid}").exists())


if __name__ == "__main__":
    unittest.main()
