// Anthropic's SDK for Node: messages.

import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";

import { CITY, DESCRIPTION, RESULT, WEATHER, called, left, user, verdict } from "./tasks.mjs";

export const connect = ({ url, key }) => new Anthropic({ baseURL: url, apiKey: key });

const MAX_TOKENS = 64;
const tools = [{ name: WEATHER, description: DESCRIPTION, input_schema: CITY }];

export const cases = {
  async chat(client, asked) {
    return said(await client.messages.create(words(asked)));
  },

  async stream(client, asked) {
    const stream = client.messages.stream(words(asked));
    const pieces = [];
    stream.on("text", (piece) => pieces.push(piece));
    return { ...said(await stream.finalMessage()), pieces };
  },

  async tools(client, { model, text }) {
    const first = await client.messages.create({ ...words({ model, text }), tools });
    const call = first.content.find(({ type }) => type === "tool_use");
    const result = { type: "tool_result", tool_use_id: call.id, content: RESULT };
    const messages = [user(text), { role: "assistant", content: first.content }, user([result])];
    const second = await client.messages.create({ ...words({ model, text }), messages, tools });
    return { ...said(second), calls: [called(call.name, call.input)] };
  },

  async tool_stream(client, { model, text }) {
    const stream = client.messages.stream({ ...words({ model, text }), tools });
    const { content } = await stream.finalMessage();
    const calls = content.filter(({ type }) => type === "tool_use");
    return { calls: calls.map((call) => called(call.name, call.input)) };
  },

  async schema(client, { model, text }) {
    const output_config = { format: zodOutputFormat(verdict) };
    const message = await client.messages.parse({ ...words({ model, text }), output_config });
    return message.parsed_output;
  },

  async image(client, { model, text, png }) {
    const source = { type: "base64", media_type: "image/png", data: png };
    const content = [{ type: "image", source }, { type: "text", text }];
    return said(await client.messages.create(words({ model, text: content })));
  },

  async count(client, { model, text }) {
    return (await client.messages.countTokens({ model, messages: [user(text)] })).input_tokens;
  },

  async leave(client, asked) {
    const stream = await client.messages.create({ ...words(asked), stream: true });
    return left(stream, () => stream.controller.abort());
  },
};

function words({ model, text, max_tokens = MAX_TOKENS }) {
  return { model, messages: [user(text)], max_tokens };
}

function said({ content, usage }) {
  const texts = content.filter(({ type }) => type === "text").map(({ text }) => text);
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  return { text: texts.join(""), input: usage.input_tokens + cached, output: usage.output_tokens };
}
