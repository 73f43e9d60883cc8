"""Looks at the model server past the gateway: whether it works, and how much it has done."""

import re
import time
from collections.abc import Callable

import httpx2

CANCEL_SECONDS = 1


def busy_slots(model_url: str) -> int:
    slots = httpx2.get(f"{model_url}/slots", trust_env=False).json()
    return sum(slot["is_processing"] for slot in slots)


def wait_idle(model_url: str, seconds: int):
    wait_until(lambda: not busy_slots(model_url), seconds)


def wait_until(holds: Callable[[], bool], seconds: int):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.02)


def tokens_worked(model_url: str) -> int:
    """All tokens the model server has read or written so far."""
    text = httpx2.get(f"{model_url}/metrics", trust_env=False).text
    counters = r"^llamacpp:(?:prompt_tokens|prompt_tokens_cached|tokens_predicted)_total (\d+)"
    return sum(int(count) for count in re.findall(counters, text, re.MULTILINE))
