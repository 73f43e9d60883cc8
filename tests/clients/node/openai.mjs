// What the tests do with openai-node.

import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

import { left } from "./streams.mjs";
import { collected } from "./tasks.mjs";

export const connect = (options) => new OpenAI(options);

export const cases = {
  async create(client, asked) {
    return client.chat.completions.create(asked);
  },

  async head(client, asked) {
    const { response, request_id } = await client.chat.completions.create(asked).withResponse();
    return { headers: Object.fromEntries(response.headers), request_id };
  },

  async stream(client, asked) {
    return collected(await client.chat.completions.create({ ...asked, stream: true }));
  },

  async helper(client, asked) {
    const stream = client.chat.completions.stream(asked);
    const deltas = [];
    stream.on("content", (delta) => deltas.push(delta));
    return { final: await stream.finalChatCompletion(), deltas };
  },

  async parse(client, asked) {
    const verdict = z.object({ ok: z.boolean(), n: z.union([1, 2, 3].map((n) => z.literal(n))) });
    const format = zodResponseFormat(verdict, "verdict");
    return client.chat.completions.parse({ ...asked, response_format: format });
  },

  async leave(client, { slots, ...asked }) {
    return left(await client.chat.completions.create({ ...asked, stream: true }), slots);
  },

  async models(client) {
    return collected(client.models.list());
  },

  async retrieve(client, model) {
    return client.models.retrieve(model);
  },
};
