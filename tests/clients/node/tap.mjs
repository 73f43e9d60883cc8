// Notes every HTTP exchange of an SDK, byte for byte, below the SDK: the `fetch` that it is given.

export class Tap {
  #exchanges = [];

  fetch = async (url, init) => {
    const exchange = { method: init.method, url, headers: new Headers(init.headers), pieces: [] };
    this.#exchanges.push(exchange);
    exchange.response = await fetch(url, init);
    const body = exchange.response.body?.pipeThrough(noting(exchange.pieces));
    return new Response(body, exchange.response);
  };

  // Without an answer where the SDK left before there was one.
  wire() {
    return this.#exchanges.map(({ method, url, headers, response, pieces }) => ({
      request: { method, url, headers: [...headers] },
      answer: response && {
        status: response.status,
        headers: [...response.headers],
        body: Buffer.concat(pieces).toString("base64"),
      },
    }));
  }
}

function noting(pieces) {
  return new TransformStream({
    transform(piece, next) {
      pieces.push(piece);
      next.enqueue(piece);
    },
  });
}
