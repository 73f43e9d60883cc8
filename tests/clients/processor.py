"""Whether this processor can run the model server, before any test asks. Its wheel is built for one
set of instructions; a processor without them would end it with SIGILL and nothing said."""

import subprocess
import sys
from pathlib import Path

# As `get_system_info()` of the pinned wheel has them, and as Linux calls them.
NEEDED = {
    "SSE3": "pni",
    "SSSE3": "ssse3",
    "AVX": "avx",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "BMI2": "bmi2",
}
# Parts of the build that are no instructions.
OTHERS = {"CPU", "LLAMAFILE", "OPENMP", "REPACK"}
ASK = "import xllamacpp; print(xllamacpp.get_system_info())"


def main():
    problem = missing(Path("/proc/cpuinfo").read_text()) or unknown()
    if problem:
        sys.exit(f"the client lane cannot run here: {problem}")


def missing(cpuinfo: str) -> str | None:
    """What the processor lacks, in words."""
    lines = [line for line in cpuinfo.splitlines() if line.startswith("flags")]
    # Processors of one machine may differ; the scheduler does not ask.
    flags = set.intersection(*(set(line.split()) for line in lines)) if lines else set()
    lacking = [name for name, flag in NEEDED.items() if flag not in flags]
    if not lacking:
        return None
    return f"the model server needs {', '.join(lacking)}, which this processor does not have"


def unknown() -> str | None:
    """What the wheel was built with that nobody has looked for, in words."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True)
    if done.returncode < 0:
        return f"the model server's library ends with signal {-done.returncode}"
    if done.returncode > 0:
        return f"the model server's library cannot be loaded: {done.stderr.strip()}"
    return unlisted(done.stdout)


def unlisted(info: str) -> str | None:
    parts = (part.rsplit(":", 1)[-1].split("=") for part in info.split("|"))
    built = {name.strip() for name, *on in parts if on and on[0].strip() != "0"}
    strange = sorted(built - NEEDED.keys() - OTHERS)
    if not strange:
        return None
    return f"the model server is built with {', '.join(strange)}, which processor.py does not know"


if __name__ == "__main__":
    main()
