"""The provider behind the gateway: answers at once, but a stream never ends after its first event.

    provider.py PORT
"""

import asyncio
import json
import sys

from descriptors import raise_limit

ANSWER = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "small",
    "choices": [{"index": 0, "finish_reason": "stop",
                 "message": {"role": "assistant", "content": "Hello."}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}).encode()  # fmt: skip
EVENT = json.dumps({
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "small",
    "choices": [{"index": 0, "finish_reason": None,
                 "delta": {"role": "assistant", "content": "Hel"}}],
}).encode()  # fmt: skip
JSON_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
BACKLOG = 4096


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(content_length(head))
            if b'"stream":true' in body:
                writer.write(STREAM_HEAD + b"data: " + EVENT + b"\n\n")
                await reader.read()
                return
            writer.write(JSON_HEAD % len(ANSWER) + ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # The gateway closed the connection.
    finally:
        writer.close()


def content_length(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def main(port):
    raise_limit()
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
