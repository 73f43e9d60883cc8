"""Pydantic AI: agents on OpenAI's chat completions or responses."""

import asyncio
from base64 import b64decode

from pydantic_ai import Agent, BinaryContent, Embedder, NativeOutput
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from drivers.tasks import PIECES_BEFORE_LEAVING, RESULT, Verdict, called, said

WAYS = {"chat": OpenAIChatModel, "responses": OpenAIResponsesModel}


class Client:
    def __init__(self, url: str, key: str, way: str):
        self.url, self.key, self.way = url, key, way

    def provider(self) -> OpenAIProvider:
        return OpenAIProvider(base_url=f"{self.url}/v1", api_key=self.key)

    def agent(self, model: str, **options) -> Agent:
        return Agent(WAYS[self.way](model, provider=self.provider()), **options)


def connect(url: str, key: str, way: str = "chat") -> Client:
    return Client(url, key, way)


def chat(client, model, text, max_tokens=None) -> dict:
    return told(client.agent(model).run_sync(text, model_settings=cap(max_tokens)))


def cap(max_tokens) -> dict:
    return {} if max_tokens is None else {"max_tokens": max_tokens}


def told(run, **more) -> dict:
    usage = run.usage
    return said(run.output, usage.input_tokens, usage.output_tokens, **more)


def stream(client, model, text, max_tokens=None) -> dict:
    async def run() -> dict:
        settings = cap(max_tokens)
        async with client.agent(model).run_stream(text, model_settings=settings) as answer:
            pieces = [p async for p in answer.stream_text(delta=True, debounce_by=None)]
            usage = answer.usage
        counted = (usage.input_tokens, usage.output_tokens)
        return said("".join(pieces), *counted, pieces=pieces)

    return asyncio.run(run())


def weather_agent(client, model: str) -> tuple[Agent, list]:
    agent, calls = client.agent(model), []

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather of a city."""
        calls.append(called("weather", {"city": city}))
        return RESULT

    return agent, calls


def tools(client, model, text) -> dict:
    agent, calls = weather_agent(client, model)
    run = agent.run_sync(text)
    # What it says of its usage is the sum of both turns.
    return said(run.output, None, None, calls=calls)


def tool_stream(client, model, text) -> dict:
    agent, calls = weather_agent(client, model)

    async def run():
        async with agent.run_stream(text) as answer:
            await answer.get_output()

    asyncio.run(run())
    return {"calls": calls}


def schema(client, model, text) -> dict:
    agent = client.agent(model, output_type=NativeOutput(Verdict))
    return agent.run_sync(text).output.model_dump()


def image(client, model, text, png) -> dict:
    picture = BinaryContent(b64decode(png), media_type="image/png")
    return told(client.agent(model).run_sync([text, picture]))


def embed(client, model, texts) -> list:
    embedder = Embedder(OpenAIEmbeddingModel(model, provider=client.provider()))
    return [list(vector) for vector in embedder.embed_documents_sync(texts).embeddings]


def leave(client, model, text) -> int:
    async def run() -> int:
        seen = 0
        async with client.agent(model).run_stream(text) as answer:
            async for _ in answer.stream_text(delta=True, debounce_by=None):
                seen += 1
                if seen == PIECES_BEFORE_LEAVING:
                    await answer.cancel()
                    break
        return seen

    return asyncio.run(run())
