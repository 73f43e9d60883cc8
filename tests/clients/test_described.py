"""OpenAI's published description held against the gateway: requests are made from it, good ones and
bad ones, and no answer may be a failure of ours or outside what is described, errors included.

The description is not ours to ship: INFERLAYER_OPENAI_DESCRIPTION names the file.
"""

import os
import subprocess
from pathlib import Path

import pytest

from servers import HERE

VARIABLE = "INFERLAYER_OPENAI_DESCRIPTION"
MODELS = ("gpt-scripted", "none")
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
# Of each operation, and for all of them together.
EXAMPLES, SECONDS = 40, 120
SEED = 1


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    """As far as the gateway serves it."""
    whole = os.environ.get(VARIABLE)
    if not whole:
        pytest.skip(f"{VARIABLE} names no description")
    described = tmp_path_factory.mktemp("described") / "described.json"
    python(described.parent, HERE / "described.py", os.path.abspath(whole), described, *MODELS)
    return described


def test_no_answer_is_outside_the_description(description, url, keys):
    options = {
        "--url": f"{url}/v1",
        "--header": f"Authorization: Bearer {keys['rich']}",
        "--phases": "examples,fuzzing",
        "--checks": CHECKS,
        "--max-examples": EXAMPLES,
        "--max-time": SECONDS,
        "--seed": SEED,
        "--generation-database": "none",
        "--suppress-health-check": "all",
        "--warnings": "off",
    }
    words = [word for option in options.items() for word in option]
    line = ["-m", "schemathesis.cli", "run", description, "--no-color", "--no-shrink", *words]
    python(description.parent, *line)


def python(folder: Path, *words):
    """Runs the Python that has schemathesis, in a folder where it may leave things; what it printed
    is the reason if that fails.
    """
    line = [str(word) for word in (os.environ["CLIENTS_SCHEMA"], *words)]
    options = {"cwd": folder, "capture_output": True, "text": True, "timeout": SECONDS + 60}
    done = subprocess.run(line, **options)
    assert done.returncode == 0, done.stdout + done.stderr
