"""The reckoning, after all other tests: the gateway is stopped, and what it recorded is held
against what the clients saw on the wire.
"""

import json
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections import Counter
from decimal import Decimal

import pytest

import ledger
from asking import CANARY
from prices import PASSAGES, PRICES
from servers import HERE, PROVIDER_KEYS
from tape import NANO_PER_USD

VERIFIER = HERE.parent / "verify.py"
POOR_BUDGET_NANO_USD = 400_000
# Refused before the key is looked at, or because of it: nobody can be named. A path that is not
# served may be looked at after the key, where something might be passed through.
NAMELESS, UNSERVED = {401, 405}, b'"unknown_path"'


@pytest.fixture(scope="module")
def exit_code(gateway):
    return gateway.stop()


@pytest.fixture(scope="module")
def records(gateway, exit_code):
    return ledger.read(gateway.journal)


@pytest.fixture(scope="module")
def verdict(gateway, exit_code):
    key = gateway.folder / "data" / "keys" / "ledger.pub"
    return gateway.command("ledger", "verify", "--key", str(key))


@pytest.fixture(scope="module")
def outcomes(records):
    return {record.metadata["request"]: record for record in of_kind(records, ledger.OUTCOME)}


@pytest.fixture(scope="module")
def intents(records):
    return {r.metadata["request"]: r.metadata for r in of_kind(records, ledger.INTENT)}


@pytest.fixture(scope="module")
def holds(intents):
    return {request: int(intent["hold_nano_usd"]) for request, intent in intents.items()}


@pytest.fixture(scope="module")
def hits(records):
    return {record.metadata["request"]: record for record in of_kind(records, ledger.HIT)}


@pytest.fixture(scope="module")
def inferences(tape):
    return {exchange.request_id: exchange for exchange in tape if exchange.is_inference}


@pytest.fixture(scope="module")
def repeated(tape):
    """What the cache answered."""
    return {exchange.request_id: exchange for exchange in tape if exchange.is_hit}


def test_the_gateway_stops_in_good_order(exit_code):
    assert exit_code == 0


def test_the_ledger_verifies(verdict):
    assert "DOES NOT HOLD" not in verdict


def test_the_second_verifier_agrees(gateway, exit_code):
    assert VERIFIER.is_file(), "tests/verify.py is missing"
    line = [sys.executable, str(VERIFIER), str(gateway.journal)]
    verified = subprocess.run(line, capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_each_inference_has_one_intent_then_one_outcome(records, inferences, tape):
    assert len(inferences) > 20
    kinds = {}
    for record in records:
        if record.kind in (ledger.INTENT, ledger.OUTCOME):
            kinds.setdefault(record.metadata["request"], []).append(record.kind)
    assert {tuple(seen) for seen in kinds.values()} == {(ledger.INTENT, ledger.OUTCOME)}
    assert inferences.keys() <= kinds.keys()
    assert len(kinds) == len(inferences) + tape.unanswered


def test_each_answer_from_the_cache_is_one_hit_and_nothing_else(records, repeated):
    assert len(repeated) > 20
    assert {exchange.is_stream for exchange in repeated.values()} == {True, False}
    hits = [record.metadata["request"] for record in of_kind(records, ledger.HIT)]
    assert sorted(hits) == sorted(repeated)
    others = [record for record in records if record.kind != ledger.HIT]
    assert not repeated.keys() & {record.metadata.get("request") for record in others}


def test_a_hit_gives_what_the_same_tenant_has_paid_for(hits, outcomes, repeated):
    sources = {outcome.sequence: outcome for outcome in outcomes.values()}
    for request, hit in hits.items():
        told, source = hit.metadata, sources[hit.metadata["source_sequence"]]
        paid = source.metadata
        assert source.sequence < hit.sequence and source.hash.hex() == told["source_record_hash"]
        assert (told["tenant"], told["saved_nano_usd"]) == (paid["tenant"], paid["cost_nano_usd"])
        assert (paid["ending"], paid["status"], told["status"]) == ("complete", 200, 200)
        assert paid["cache"]["ttl_seconds"] >= told["age_seconds"] >= 0
        assert (told["tier"], told["stream"]) == ("exact", repeated[request].is_stream)
        assert repeated[request].cost_nano_usd == 0


def test_a_hit_says_what_the_provider_counted_for_its_source(hits, outcomes, repeated):
    sources = {outcome.sequence: outcome.metadata for outcome in outcomes.values()}
    answers = [(request, e) for request, e in repeated.items() if is_json(e)]
    for request, exchange in answers:
        source = sources[hits[request].metadata["source_sequence"]]
        assert counted(source) == tokens(json.loads(exchange.body))


def test_each_refusal_is_recorded(records, tape):
    refused = [exchange for exchange in tape if exchange.is_refusal]
    recorded, answered = refusals(records)
    seen = Counter()
    for record in recorded:
        seen[record.metadata["status"]] += record.metadata["count"]
    assert seen == Counter(exchange.status for exchange in refused)
    told = {exchange.request_id for exchange in refused}
    named = {exchange.request_id for exchange in refused if not is_nameless(exchange)}
    assert named <= {r.metadata["request"] for r in recorded if "tenant" in r.metadata} <= told
    ours = {x.request_id for x in tape if not x.is_refusal and not x.is_inference}
    assert answered and {record.metadata["request"] for record in answered} <= ours


def refusals(records):
    """What was refused, and what a filter answered itself, such as the list of models."""
    of_both = of_kind(records, ledger.REFUSAL)
    answered = [record for record in of_both if record.metadata["code"] == "answered"]
    return [record for record in of_both if record not in answered], answered


def test_each_exchange_has_an_id_of_its_own(tape):
    assert len({exchange.request_id for exchange in tape}) == len(tape) > 0


def test_outcomes_say_what_clients_were_told(outcomes, inferences):
    for request, exchange in inferences.items():
        outcome = outcomes[request].metadata
        if exchange.cost_nano_usd is not None:
            assert int(outcome["cost_nano_usd"]) == exchange.cost_nano_usd
            assert outcome["status"] == exchange.status
            assert outcome["ending"] == ending(exchange)


def test_who_left_pays_for_what_was_under_way(outcomes, tape):
    ended = [record.metadata for record in outcomes.values()]
    left = [outcome for outcome in ended if outcome["ending"] == "client_gone"]
    # In the middle of a stream, and before any answer.
    assert tape.hung_up > 0 and tape.unanswered > 0
    assert len(left) == tape.hung_up + tape.unanswered
    assert all(int(outcome["cost_nano_usd"]) > 0 for outcome in left)
    # Gemini counts in every event, so what was under way is known there.
    assert all(o["estimated"] for o in left if o["attempts"][-1]["provider"] != "gemini")


def test_only_who_left_or_has_no_place_for_it_is_told_no_cost(intents, outcomes, inferences):
    for request, exchange in inferences.items():
        if exchange.cost_nano_usd is None:
            is_passage = "path" in intents[request]
            # Google's SDK takes no comments in a stream.
            is_gemini = exchange.request.url.path.endswith(":streamGenerateContent")
            left = outcomes[request].metadata["ending"] == "client_gone"
            assert is_passage or is_gemini or left, (exchange, outcomes[request].metadata)


def test_tokens_are_those_the_provider_counted(outcomes, inferences):
    answers = [(r, e) for r, e in inferences.items() if e.status == 200 and is_json(e)]
    told = [(request, tokens(json.loads(exchange.body))) for request, exchange in answers]
    assert any(told)
    for request, expected in told:
        outcome = outcomes[request].metadata
        # What is not counted is not told, such as moderations.
        assert counted(outcome) == (expected or counted(outcome))
        assert not (expected and outcome["estimated"])


def test_the_plan_told_is_the_plan_recorded(intents, outcomes, inferences):
    planned = {r: e for r, e in inferences.items() if e.route and "plan" in intents[r]}
    assert len(planned) > 20
    for request, exchange in planned.items():
        last, plan = outcomes[request].metadata["attempts"][-1], intents[request]["plan"]
        why = "; ".join(f"{fact}={plan[fact]}" for fact in ("tier", "by", "reason"))
        assert exchange.route == f"{last['provider']}/{last['model']}; {why}"


def test_what_is_passed_through_costs_what_its_path_costs(intents, outcomes):
    passages = [intent for intent in intents.values() if "path" in intent]
    assert {intent["gen_ai.request.model"] for intent in passages} == set(PASSAGES)
    for intent in passages:
        cost = PASSAGES[intent["gen_ai.request.model"]]
        outcome = outcomes[intent["request"]].metadata
        assert int(outcome["cost_nano_usd"]) == int(intent["hold_nano_usd"]) == cost


def test_every_cost_follows_from_tokens_and_prices(intents, outcomes, holds):
    inferred = {r: o.metadata for r, o in outcomes.items() if "path" not in intents[r]}
    for request, outcome in inferred.items():
        price = PRICES[outcome["attempts"][-1]["provider"]]
        cached = outcome["gen_ai.usage.cache_read.input_tokens"]
        fresh = outcome["gen_ai.usage.input_tokens"] - cached
        cost = fresh * price.input + cached * price.cached
        cost += outcome["gen_ai.usage.output_tokens"] * price.output
        # Sent, and nothing seen of the answer: the provider may bill all that was held.
        silent = not outcome["gen_ai.usage.output_tokens"] and outcome["ending"] == "client_gone"
        unseen = outcome["attempts"][-1]["result"] == "sent" or silent
        assert int(outcome["cost_nano_usd"]) == (holds[request] if unseen else cost)


def test_the_gateway_does_not_multiply_what_an_sdk_retries(outcomes, inferences):
    failed = [outcomes[r].metadata for r, e in inferences.items() if e.status == 502]
    assert failed and all(len(outcome["attempts"]) == 1 for outcome in failed)


def test_no_cost_is_above_what_was_held(outcomes, holds):
    for request, record in outcomes.items():
        assert int(record.metadata["cost_nano_usd"]) <= holds[request]


def test_receipts_name_the_record_of_the_outcome_or_hit(outcomes, hits, inferences, repeated):
    for request, exchange in (inferences | repeated).items():
        if exchange.cost_nano_usd is None:
            continue
        _, _, sequence, digest, *_ = exchange.told("x-inferlayer-receipt").split(".")
        record = (outcomes | hits)[request]
        assert int(sequence) == record.sequence
        assert digest == urlsafe_b64encode(record.hash).decode().rstrip("=")


def test_the_spend_of_each_tenant_is_the_sum_of_its_outcomes(outcomes, verdict):
    spent = Counter()
    for record in outcomes.values():
        spent[record.metadata["tenant"]] += int(record.metadata["cost_nano_usd"])
    lines = re.findall(r"^spent by (\w+): ([\d.]+) USD$", verdict, re.MULTILINE)
    assert spent == {tenant: int(Decimal(usd) * NANO_PER_USD) for tenant, usd in lines}
    assert 0 < spent["poor"] <= POOR_BUDGET_NANO_USD


def test_no_key_and_no_prompt_stands_in_what_the_gateway_wrote(gateway, exit_code, keys, tape):
    assert any(CANARY.encode() in exchange.body for exchange in tape), "nothing to look for"
    secrets = [CANARY, *keys.values(), *(key.rsplit("-", 1)[-1] for key in keys.values())]
    secrets += PROVIDER_KEYS.values()
    given = {f"{name}.key" for name in PROVIDER_KEYS}
    for path in gateway.folder.rglob("*"):
        if path.is_file() and path.name not in given:
            text = path.read_bytes()
            assert not any(secret.encode() in text for secret in secrets), path.name


def of_kind(records, kind: int):
    return [record for record in records if record.kind == kind]


def is_nameless(exchange) -> bool:
    return exchange.status in NAMELESS or UNSERVED in exchange.body


def ending(exchange) -> str:
    """How the outcome of an answer with its cost should end."""
    if exchange.status >= 500 or exchange.status == 429:
        return "failed"
    broke = exchange.is_stream and b'"error":{' in exchange.body
    return "upstream_cut" if broke else "complete"


def counted(outcome: dict) -> dict:
    return {side: outcome[f"gen_ai.usage.{side}_tokens"] for side in ("input", "output")}


def tokens(answer: dict) -> dict | None:
    """As each dialect counts them; Anthropic's input is without what was cached."""
    if usage := answer.get("usageMetadata"):
        return {"input": usage["promptTokenCount"], "output": usage["candidatesTokenCount"]}
    usage = answer.get("usage")
    if not usage:
        return None
    if "prompt_tokens" in usage:
        return {"input": usage["prompt_tokens"], "output": usage.get("completion_tokens", 0)}
    cached = ("cache_read_input_tokens", "cache_creation_input_tokens")
    read = usage["input_tokens"] + sum(usage.get(name) or 0 for name in cached)
    return {"input": read, "output": usage["output_tokens"]}


def is_json(exchange) -> bool:
    return exchange.response.headers["content-type"].startswith("application/json")
