"""What is compared: how each target is configured and started. All of them run side by side, and
each takes its turn under load while the others idle."""

import shutil
import string
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.measure import Ask
from harness.process import Failure, Process, free_port

HERE = Path(__file__).resolve().parent.parent
LOAD_CORE_INDEX, PROXY_CORE_INDEX = 0, 1
# Nobody's key. The targets that ignore keys get it too: it is as long as the gateway's.
NO_KEY = f"il-{'0' * 12}-{'0' * 64}"


@dataclass(frozen=True)
class Tools:
    """Programs that a run needs."""

    nginx: str
    gateway: str
    bench: Path


@dataclass
class Target:
    """A process and what it is asked. Several targets may share a process."""

    name: str
    port: int
    process: Process
    key: str = field(default=NO_KEY, repr=False)
    # Of a tenant whose budget is spent.
    spent_key: str = field(default=NO_KEY, repr=False)
    ask: Ask = Ask()
    metrics_port: int = 0
    config: Path = None


@dataclass(frozen=True)
class Variant:
    """One way to run the gateway."""

    name: str
    data_root: Path
    metrics: bool = True
    without: tuple = ()

    def ask(self):
        """The model `auto`, so that `classify` decides; and no answer from the cache."""
        model = Ask.model if "classify" in self.without else "auto"
        return Ask(model, cache_status="" if "cache" in self.without else "miss")


class Rig:
    """Starts targets on their cores, in a folder of their own."""

    def __init__(self, tools, cores, folder, started):
        self.tools, self.folder, self.started = tools, folder, started
        self.gateways = []
        self.load_core, self.proxy_core = cores[LOAD_CORE_INDEX], cores[PROXY_CORE_INDEX]

    def mock(self, pace_ms):
        port = free_port()
        command = [self.tools.bench / "mock", "--listen", address(port), "--pace-ms", pace_ms]
        return self._start(Target("direct", port, None), command, self.load_core)

    def nginx(self, upstream):
        port = free_port()
        config = self._fill("nginx.conf", folder=self.folder, port=port, upstream=upstream)
        command = [self.tools.nginx, "-p", self.folder, "-c", config]
        return self._start(Target("nginx", port, None), command, self.proxy_core)

    def bare(self, upstream):
        port = free_port()
        command = [self.tools.bench / "bare", "--listen", address(port)]
        command += ["--upstream", address(upstream)]
        return self._start(Target("bare Pingora", port, None), command, self.proxy_core)

    def gateway(self, variant, upstream):
        target = Target(variant.name, free_port(), None, ask=variant.ask())
        target.metrics_port = free_port() if variant.metrics else 0
        target.config = self._gateway_config(variant, target, upstream)
        target.key, target.spent_key = self._key(target, "bench"), self._key(target, "spent")
        self.gateways.append(target)
        return self._start(target, self._gateway(target, "serve"), self.proxy_core)

    def verify_ledgers(self):
        """What was measured must have been recorded: the ledgers' own verdict."""
        for gateway in self.gateways:
            gateway.process.stop()
            self._command(gateway, "ledger", "verify")

    def _gateway_config(self, variant, target, upstream):
        folder = self.folder / variant.name.replace(" ", "-")
        folder.mkdir()
        data_dir = variant.data_root / f"{self.folder.parent.name}-{folder.name}-data"
        self.started.callback(shutil.rmtree, data_dir, ignore_errors=True)
        (folder / "provider.key").write_text("sk-mock\n")
        shutil.copy(HERE / "prices.yaml", folder)
        metrics = address(target.metrics_port) if variant.metrics else "null"
        config = self._fill(
            "gateway.yaml", folder, port=target.port, metrics=metrics,
            data_dir=data_dir, upstream=upstream,
        )  # fmt: skip
        config.write_text(without_filters(config.read_text(), variant.without))
        return config

    def _key(self, target, tenant):
        command = ["keys", "create", "--tenant", tenant, "--new-log"]
        return self._command(target, *command).stdout.strip()

    def _gateway(self, target, *words):
        return [self.tools.gateway, "--config", target.config, *words]

    def _command(self, target, *words):
        done = subprocess.run(self._gateway(target, *words), capture_output=True, text=True)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise Failure(f"inferlayer {' '.join(words)} fails for {target.name}: {said}")
        return done

    def _fill(self, template, into=None, **values):
        path = (into or self.folder) / template
        path.write_text(string.Template((HERE / template).read_text()).substitute(values))
        return path

    def _start(self, target, command, core):
        name = target.name.replace(" ", "-")
        target.process = Process(name, command, core, self.folder)
        self.started.callback(target.process.stop)
        target.process.wait_for_port(target.port)
        return target


@contextmanager
def side_by_side(tools, cores, folder):
    """A rig in a new folder. On the way out each ledger must verify; then what the rig started is
    ended and its data removed."""
    folder.mkdir()
    with ExitStack() as started:
        rig = Rig(tools, cores, folder, started)
        yield rig
        rig.verify_ledgers()


def without_filters(config, names):
    """The configuration less some filters, each of which stands on a line of its own."""
    lines = config.splitlines(keepends=True)
    for name in names:
        rest = [line for line in lines if not line.startswith(f"  - {name}:")]
        if len(rest) != len(lines) - 1:
            raise Failure(f"gateway.yaml has no one line for the filter {name}")
        lines = rest
    return "".join(lines)


def address(port):
    return f"127.0.0.1:{port}"
