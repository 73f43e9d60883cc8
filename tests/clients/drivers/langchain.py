"""LangChain's client for OpenAI: chat completions."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from drivers.tasks import CITY, DESCRIPTION, RESULT, WEATHER, Verdict, called, left, said

TOOL = {"name": WEATHER, "description": DESCRIPTION, "parameters": CITY}


def connect(url: str, key: str) -> dict:
    return {"base_url": f"{url}/v1", "api_key": key}


def chat(client, **asked) -> dict:
    return told(*model_of(client, **asked))


def model_of(client, model, text, max_tokens=None, **more) -> tuple[ChatOpenAI, list]:
    chat_model = ChatOpenAI(model=model, max_tokens=max_tokens, **client, **more)
    return chat_model, [HumanMessage(text)]


def told(model, messages, **more) -> dict:
    answer = model.invoke(messages)
    usage = answer.usage_metadata
    return said(answer.text, usage["input_tokens"], usage["output_tokens"], **more)


def stream(client, **asked) -> dict:
    model, messages = model_of(client, **asked, stream_usage=True)
    chunks = list(model.stream(messages))
    pieces = [chunk.text for chunk in chunks if chunk.text]
    usage = next(chunk.usage_metadata for chunk in chunks if chunk.usage_metadata)
    return said("".join(pieces), usage["input_tokens"], usage["output_tokens"], pieces=pieces)


def tools(client, model, text) -> dict:
    chat_model, messages = model_of(client, model, text)
    bound = chat_model.bind_tools([TOOL])
    first = bound.invoke(messages)
    (call,) = first.tool_calls
    result = ToolMessage(RESULT, tool_call_id=call["id"])
    return told(bound, [*messages, first, result], calls=[called(call["name"], call["args"])])


def tool_stream(client, model, text) -> dict:
    chat_model, messages = model_of(client, model, text)
    whole, *chunks = chat_model.bind_tools([TOOL]).stream(messages)
    for chunk in chunks:
        whole += chunk
    return {"calls": [called(call["name"], call["args"]) for call in whole.tool_calls]}


def schema(client, model, text) -> dict:
    chat_model, messages = model_of(client, model, text)
    return chat_model.with_structured_output(Verdict).invoke(messages).model_dump()


def image(client, model, text, png) -> dict:
    picture = {"type": "image", "base64": png, "mime_type": "image/png"}
    return told(*model_of(client, model, [{"type": "text", "text": text}, picture]))


def embed(client, model, texts) -> list:
    # Without its own count of tokens, whose tables it would fetch.
    embeddings = OpenAIEmbeddings(model=model, check_embedding_ctx_length=False, **client)
    return embeddings.embed_documents(texts)


def leave(client, model, text) -> int:
    chat_model, messages = model_of(client, model, text)
    chunks = chat_model.stream(messages)
    return left(chunks, chunks.close)
