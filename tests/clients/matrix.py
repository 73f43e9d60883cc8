"""Which clients are tested with which kinds of providers, and for what; and the table of it that
stands at the end of a run. What a client cannot do has a reason: no cell is empty without one.
"""

from dataclasses import dataclass, field

import pytest

from process import Client, Clients
from prices import EMBEDDER, MODEL
from servers import CLAUDE

# In the order of the table, each with its tests in test_features.py.
FEATURES = (
    *("chat", "stream", "tools", "tool stream", "schema", "image", "embed", "count"),
    *("400", "their 400", "401", "404", "429", "429 once", "retry", "broken", "leave"),
)
OPENAI, ANTHROPIC, GEMINI = "OpenAI", "Anthropic", "Gemini"
CHAT_ONLY, RESPONSES_ONLY = "chat only", "responses only"


@dataclass(frozen=True)
class Kind:
    """A kind of provider: its scripted models' stem, and the real model where there is one."""

    stem: str
    real: str | None = None
    # What is asked for embeddings: a scripted model, and a real one where there is one.
    embedders: tuple[str, ...] = ()


KINDS = {
    OPENAI: Kind("gpt-scripted", MODEL, ("gpt-scripted", EMBEDDER)),
    # As most servers that are compatible with OpenAI's: responses are translated.
    CHAT_ONLY: Kind("chat-scripted", MODEL),
    # As models that know but the newer API: chats are translated. Here llama-server has it, too.
    RESPONSES_ONLY: Kind("responses-scripted", "gemma-responses"),
    ANTHROPIC: Kind("claude-scripted", CLAUDE),
    # With another name Google's SDK would make one content of several.
    GEMINI: Kind("gemini-scripted", embedders=("gemini-embedding-001",)),
}

NOT_TRANSLATED = "embeddings and counts are of one provider's words: there is nothing to translate"
NO_EMBEDDINGS = "this API has no embeddings"
NO_COUNT = "this client or its API counts no tokens at the provider"
ASKS_AGAIN = "asks again after every 429, as it reads no x-should-retry"
OBJECTS_ONLY = "this client's answers are objects: texts and results of tools have no place"
LEAVES_BY_ENDING = "a command line tool: it leaves by ending"
STREAM_IS_LIST = "its streams come as lists: they are read to their end"
CHECKS_LENGTHS = "checks lengths itself, before it asks"
OWN_EMBEDDINGS = "its embeddings cannot be told another address"


@dataclass(frozen=True)
class Row:
    """A client in front of a kind of provider."""

    name: str
    provider: str
    # The module that knows the client, and the environment of its Python: Node's when None.
    module: str
    environment: str | None = None
    # What it is to be used as, for clients that have several ways.
    way: str | None = None
    lacks: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return KINDS[self.provider]

    def client(self, clients: Clients) -> Client:
        if self.environment is None:
            return clients.node(self.module)
        return clients.python(self.module, self.environment)

    def __str__(self) -> str:
        return f"{self.name} → {self.provider}"


SDKS, FRAMEWORKS = "CLIENTS_SDKS", "CLIENTS_FRAMEWORKS"
EMBEDS = {"count": NO_COUNT}
COUNTS = {"embed": NO_EMBEDDINGS}
NEITHER = {"embed": NO_EMBEDDINGS, "count": NO_COUNT}
ACROSS = {"embed": NOT_TRANSLATED, "count": NOT_TRANSLATED}
VERCEL = {"429 once": ASKS_AGAIN, "400": CHECKS_LENGTHS}
LLM = {"embed": OWN_EMBEDDINGS, "count": NO_COUNT, "leave": LEAVES_BY_ENDING}
OBJECTS = dict.fromkeys(("chat", "stream", "tools", "image"), OBJECTS_ONLY)
INSTRUCTOR = {**NEITHER, **OBJECTS, "leave": STREAM_IS_LIST}


def rows(name: str, module: str, environment: str | None, lacks: dict, *kinds: str, **more):
    """A client before the kind of provider that speaks its dialect, and before others."""
    own, *others = kinds
    yield Row(name, own, module, environment, lacks=lacks, **more)
    for other in others:
        yield Row(name, other, module, environment, lacks={**ACROSS, **lacks}, **more)


def node(name: str, module: str, lacks: dict, *kinds: str, **more):
    return rows(name, module, None, lacks, *kinds, **more)


def sdk(name: str, module: str, lacks: dict, *kinds: str):
    return rows(name, module, SDKS, lacks, *kinds)


def framework(name: str, module: str, lacks: dict, *kinds: str, **more):
    return rows(name, module, FRAMEWORKS, lacks, *kinds, **more)


def vercel(provider: str, way: str, lacks: dict, *kinds: str):
    return node(f"ai, {provider}", "vercel", {**VERCEL, **lacks}, *kinds, way=way)


ROWS = [
    *sdk("openai chat", "openai_chat", EMBEDS, OPENAI, RESPONSES_ONLY, ANTHROPIC, GEMINI),
    *sdk("openai responses", "openai_responses", COUNTS, OPENAI, CHAT_ONLY, ANTHROPIC, GEMINI),
    *sdk("anthropic", "anthropic_messages", COUNTS, ANTHROPIC, OPENAI, RESPONSES_ONLY, GEMINI),
    *framework("google-genai", "google_genai", {}, GEMINI, OPENAI, RESPONSES_ONLY, ANTHROPIC),
    *framework("langchain-openai", "langchain", EMBEDS, OPENAI, ANTHROPIC),
    *framework("litellm", "litellm", EMBEDS, OPENAI, ANTHROPIC),
    *framework("instructor", "instructor", INSTRUCTOR, OPENAI, ANTHROPIC),
    *framework("pydantic-ai chat", "pydantic_ai", EMBEDS, OPENAI, way="chat"),
    *framework("pydantic-ai responses", "pydantic_ai", NEITHER, OPENAI, CHAT_ONLY, way="responses"),
    *framework("llm", "llm", LLM, OPENAI),
    *node("openai-node chat", "openai-chat", EMBEDS, OPENAI, ANTHROPIC),
    *node("openai-node responses", "openai-responses", COUNTS, OPENAI, CHAT_ONLY),
    *node("anthropic-node", "anthropic-messages", COUNTS, ANTHROPIC, OPENAI),
    *vercel("openai (responses)", "responses", NEITHER, OPENAI, CHAT_ONLY, ANTHROPIC),
    *vercel("openai.chat", "chat", EMBEDS, OPENAI),
    *vercel("openai-compatible", "compatible", EMBEDS, OPENAI),
    *vercel("anthropic", "messages", NEITHER, ANTHROPIC),
    *vercel("google", "generate", EMBEDS, GEMINI),
]
CELLS: dict[tuple[str, str], bool] = {}


def having(feature: str):
    """Runs a test for each client that has a feature, and notes it in the table."""
    assert feature in FEATURES
    able = [pytest.param(row, id=str(row)) for row in ROWS if feature not in row.lacks]

    def mark(test):
        return pytest.mark.feature(feature)(pytest.mark.parametrize("row", able)(test))

    return mark


def note(item, call):
    marker = item.get_closest_marker("feature")
    if marker is None:
        return
    cell = (str(item.callspec.params["row"]), marker.args[0])
    CELLS[cell] = CELLS.get(cell, True) and call.excinfo is None


def table() -> str:
    """What was tested, and why something was not; nothing if the run was about something else."""
    if not CELLS:
        return ""
    reasons = list(dict.fromkeys(reason for row in ROWS for reason in row.lacks.values()))

    def cell(row: Row, feature: str) -> str:
        if feature in row.lacks:
            return f"- {reasons.index(row.lacks[feature]) + 1}"
        return {True: "ok", False: "FAILED", None: "not run"}[CELLS.get((str(row), feature))]

    lines = [["", *FEATURES]]
    lines += [[str(row), *(cell(row, feature) for feature in FEATURES)] for row in ROWS]
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = ("  ".join(word.ljust(width) for word, width in zip(line, widths)) for line in lines)
    notes = (f"{number}: {reason}" for number, reason in enumerate(reasons, 1))
    return "\n".join(["", *(line.rstrip() for line in padded), "", *notes, ""])
