"""llama.cpp's server, in a process of its own until it is told to end: `model_server.py PORT ALIAS`
for chat, with `--embeddings` for embeddings, which it can only be instead."""

import argparse
import os
import signal
from pathlib import Path

import xllamacpp
from xllamacpp import CommonParams, llama_pooling_type

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
THREADS = 2
# Each of so many conversations at once has so many tokens of context.
SLOTS = 4
SLOT_TOKENS = 2048


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("alias")
    parser.add_argument("--embeddings", action="store_true")
    asked = parser.parse_args()
    # Before the server starts threads, which then leave the signals to this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    server = xllamacpp.Server(parameters(asked.port, asked.alias, asked.embeddings))
    print(server.listening_address, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    # It has no state to save, and tearing it down may wait for its clients.
    os._exit(0)


def parameters(port: int, alias: str, embeddings: bool) -> CommonParams:
    params = CommonParams()
    params.model.path = os.environ["CLIENTS_MODEL"]
    params.hostnames, params.port, params.ui = ["127.0.0.1"], port, False
    params.model_alias = {alias}
    params.cpuparams.n_threads = THREADS
    # Its state is open to look at.
    params.endpoint_slots = params.endpoint_metrics = True
    if embeddings:
        params.embedding, params.n_parallel, params.n_ctx = True, 1, SLOT_TOKENS
        params.pooling_type = llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    else:
        params.n_parallel, params.n_ctx = SLOTS, SLOTS * SLOT_TOKENS
        params.use_jinja, params.chat_template = True, TEMPLATE.read_text()
    return params


if __name__ == "__main__":
    main()
