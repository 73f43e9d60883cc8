// What the tests do with Anthropic's SDK.

import Anthropic from "@anthropic-ai/sdk";

import { left } from "./streams.mjs";
import { collected } from "./tasks.mjs";

export const connect = (options) => new Anthropic(options);

export const cases = {
  async create(client, asked) {
    return client.messages.create(asked);
  },

  async head(client, asked) {
    const { response, request_id } = await client.messages.create(asked).withResponse();
    return { headers: Object.fromEntries(response.headers), request_id };
  },

  async stream(client, asked) {
    return collected(await client.messages.create({ ...asked, stream: true }));
  },

  async helper(client, asked) {
    const stream = client.messages.stream(asked);
    const deltas = [];
    stream.on("text", (delta) => deltas.push(delta));
    return { final: await stream.finalMessage(), deltas };
  },

  async leave(client, { slots, ...asked }) {
    return left(await client.messages.create({ ...asked, stream: true }), slots);
  },

  async countTokens(client, asked) {
    return client.messages.countTokens(asked);
  },
};
