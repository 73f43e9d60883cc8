"""What is compared: how each target is configured and started. All of one scenario run side by
side, and each takes its turn under load while the others idle."""

import shutil
import string
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.process import Failure, Process, free_port

HERE = Path(__file__).resolve().parent.parent
LOAD_CORE_INDEX, PROXY_CORE_INDEX = 0, 1
# The other targets ignore the key, and get one as long as the gateway's.
NO_KEY = "il-" + "0" * 60


@dataclass(frozen=True)
class Tools:
    """Programs that a run needs."""

    nginx: str
    gateway: str
    bench: Path


@dataclass
class Target:
    name: str
    port: int
    process: Process
    key: str = field(default=NO_KEY, repr=False)
    metrics_port: int = 0
    config: Path = None


@dataclass(frozen=True)
class Variant:
    """One way to run the gateway."""

    name: str
    metrics: bool
    data_root: Path


class Rig:
    """Starts targets on their cores, in a folder of their own."""

    def __init__(self, tools, cores, folder, started):
        self.tools, self.folder, self.started = tools, folder, started
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
        target = Target(variant.name, free_port(), None)
        target.metrics_port = free_port() if variant.metrics else 0
        target.config = self._gateway_config(variant, target, upstream)
        created = self._command(target, "keys", "create", "--tenant", "bench")
        target.key = created.stdout.strip()
        return self._start(target, self._gateway(target, "serve"), self.proxy_core)

    def verify_ledger(self, target):
        """What was measured must have been recorded: the ledger's own verdict."""
        self._command(target, "ledger", "verify")

    def _gateway_config(self, variant, target, upstream):
        folder = self.folder / variant.name.replace(" ", "-")
        folder.mkdir()
        data_dir = variant.data_root / f"{self.folder.parent.name}-{folder.name}-data"
        self.started.callback(shutil.rmtree, data_dir, ignore_errors=True)
        (folder / "provider.key").write_text("sk-mock\n")
        shutil.copy(HERE / "prices.yaml", folder)
        metrics = address(target.metrics_port) if variant.metrics else "null"
        return self._fill(
            "gateway.yaml", folder, port=target.port, metrics=metrics,
            data_dir=data_dir, upstream=upstream,
        )  # fmt: skip

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
def side_by_side(tools, cores, folder, variants, pace_ms):
    """All targets of a scenario, started; ended and their data removed on the way out."""
    folder.mkdir()
    with ExitStack() as started:
        rig = Rig(tools, cores, folder, started)
        mock = rig.mock(pace_ms)
        gateways = [rig.gateway(variant, mock.port) for variant in variants]
        yield [mock, rig.nginx(mock.port), rig.bare(mock.port), *gateways]
        for gateway in gateways:
            gateway.process.stop()
            rig.verify_ledger(gateway)


def address(port):
    return f"127.0.0.1:{port}"
