// OpenAI's SDK for Node: chat completions.

import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";

import { CITY, DESCRIPTION, RESULT, WEATHER } from "./tasks.mjs";
import { called, collected, left, user, verdict } from "./tasks.mjs";

export const connect = ({ url, key }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key });

const tools = [
  { type: "function", function: { name: WEATHER, description: DESCRIPTION, parameters: CITY } },
];

export const cases = {
  async chat(client, asked) {
    return said(await client.chat.completions.create(words(asked)));
  },

  async stream(client, asked) {
    const streaming = { ...words(asked), stream: true, stream_options: { include_usage: true } };
    const chunks = await collected(await client.chat.completions.create(streaming));
    const last = chunks.pop();
    const pieces = chunks.map((chunk) => chunk.choices[0].delta.content).filter(Boolean);
    return { text: pieces.join(""), pieces, ...counted(last.usage) };
  },

  async tools(client, { model, text }) {
    const messages = [user(text)];
    const first = await client.chat.completions.create({ model, messages, tools });
    const { message } = first.choices[0];
    const [call] = message.tool_calls;
    messages.push(message, { role: "tool", tool_call_id: call.id, content: RESULT });
    const second = await client.chat.completions.create({ model, messages, tools });
    return { ...said(second), calls: [called(call.function.name, call.function.arguments)] };
  },

  async tool_stream(client, { model, text }) {
    const stream = client.chat.completions.stream({ model, messages: [user(text)], tools });
    const { tool_calls } = await stream.finalMessage();
    return { calls: tool_calls.map((call) => called(call.function.name, call.function.arguments)) };
  },

  async schema(client, { model, text }) {
    const response_format = zodResponseFormat(verdict, "verdict");
    const asked = { model, messages: [user(text)], response_format };
    return (await client.chat.completions.parse(asked)).choices[0].message.parsed;
  },

  async image(client, { model, text, png }) {
    const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } };
    const messages = [user([{ type: "text", text }, picture])];
    return said(await client.chat.completions.create({ model, messages }));
  },

  async embed(client, { model, texts }) {
    const { data } = await client.embeddings.create({ model, input: texts });
    return data.map((item) => item.embedding);
  },

  async leave(client, asked) {
    const stream = await client.chat.completions.create({ ...words(asked), stream: true });
    return left(stream, () => stream.controller.abort());
  },
};

function words({ model, text, max_tokens }) {
  return { model, messages: [user(text)], max_tokens };
}

function said({ choices, usage }) {
  return { text: choices[0].message.content, ...counted(usage) };
}

function counted({ prompt_tokens, completion_tokens }) {
  return { input: prompt_tokens, output: completion_tokens };
}
