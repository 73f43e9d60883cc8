"""Runs the cases of one module against the gateway: one call a line of standard input, one line for
what the client returned or threw. It judges nothing: pytest does (../process.py).

    python -m drivers.lane openai_chat <<< '{"case": "chat", "client": {…}, "asked": {…}}'
"""

import importlib
import json
import os
import sys


def main(module: str):
    # Some clients print; what they print is not an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    driver = importlib.import_module(f"drivers.{module}")
    for line in sys.stdin:
        seen = seen_of(driver, **json.loads(line))
        print(json.dumps(seen), file=answers, flush=True)


def seen_of(driver, case: str, client: dict, asked: dict) -> dict:
    try:
        return {"value": getattr(driver, case)(driver.connect(**client), **asked)}
    except Exception as error:
        return {"error": described(error)}


def described(error: Exception) -> dict:
    told = {"name": type(error).__name__, "message": str(error)}
    body = getattr(error, "body", None)
    return {**told, "status": status_of(error), "body": body if isinstance(body, dict) else None}


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status, which clients keep in different places, some in the error's cause."""
    while error:
        for name in ("status_code", "code"):
            if isinstance(status := getattr(error, name, None), int):
                return status
        error = error.__cause__ or error.__context__
    return None


if __name__ == "__main__":
    main(sys.argv[1])
