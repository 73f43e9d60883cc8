// OpenAI's SDK for Node: responses.

import { zodTextFormat } from "openai/helpers/zod";

import { CITY, DESCRIPTION, RESULT, WEATHER } from "./tasks.mjs";
import { called, collected, left, user, verdict } from "./tasks.mjs";

export { connect } from "./openai-chat.mjs";

const tools = [
  { type: "function", name: WEATHER, description: DESCRIPTION, parameters: CITY, strict: true },
];

export const cases = {
  async chat(client, asked) {
    return said(await client.responses.create(words(asked)));
  },

  async stream(client, asked) {
    const stream = await client.responses.create({ ...words(asked), stream: true });
    const events = await collected(stream);
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    const pieces = deltas.map(({ delta }) => delta);
    return { text: pieces.join(""), pieces, ...counted(events.at(-1).response.usage) };
  },

  async tools(client, { model, text }) {
    const first = await client.responses.create({ model, input: text, tools });
    const call = first.output.find(({ type }) => type === "function_call");
    const result = { type: "function_call_output", call_id: call.call_id, output: RESULT };
    const input = [user(text), ...first.output, result];
    const second = await client.responses.create({ model, input, tools });
    return { ...said(second), calls: [called(call.name, call.arguments)] };
  },

  async tool_stream(client, { model, text }) {
    const { output } = await client.responses.stream({ model, input: text, tools }).finalResponse();
    const calls = output.filter(({ type }) => type === "function_call");
    return { calls: calls.map((call) => called(call.name, call.arguments)) };
  },

  async schema(client, { model, text }) {
    const asked = { model, input: text, text: { format: zodTextFormat(verdict, "verdict") } };
    return (await client.responses.parse(asked)).output_parsed;
  },

  async image(client, { model, text, png }) {
    const image_url = `data:image/png;base64,${png}`;
    const picture = { type: "input_image", image_url, detail: "auto" };
    const input = [user([{ type: "input_text", text }, picture])];
    return said(await client.responses.create({ model, input }));
  },

  async count(client, { model, text }) {
    return (await client.responses.inputTokens.count({ model, input: text })).input_tokens;
  },

  async leave(client, asked) {
    const stream = await client.responses.create({ ...words(asked), stream: true });
    return left(stream, () => stream.controller.abort());
  },
};

function words({ model, text, max_tokens }) {
  return { model, input: text, max_output_tokens: max_tokens };
}

function said({ output_text, usage }) {
  return { text: output_text, ...counted(usage) };
}

function counted({ input_tokens, output_tokens }) {
  return { input: input_tokens, output: output_tokens };
}
