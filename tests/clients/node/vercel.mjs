// Vercel's AI SDK with each of its providers for the dialects that the gateway has.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { Output, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

import { CITY, DESCRIPTION, RESULT, called, collected, left, verdict } from "./tasks.mjs";

const compatible = { name: "gateway", supportsStructuredOutputs: true, includeUsage: true };
const ways = {
  // Its default: OpenAI's responses.
  responses: (options) => createOpenAI(options),
  chat: (options) => asChat(createOpenAI(options)),
  compatible: (options) => createOpenAICompatible({ ...compatible, ...options }),
  messages: (options) => createAnthropic(options),
  generate: ({ baseURL, apiKey }) =>
    createGoogleGenerativeAI({ baseURL: baseURL.replace(/v1$/, "v1beta"), apiKey }),
};

function asChat({ chat, embeddingModel }) {
  return Object.assign((model) => chat(model), { embeddingModel });
}

export const connect = ({ url, key, way }) => ways[way]({ baseURL: `${url}/v1`, apiKey: key });

export const cases = {
  async chat(client, asked) {
    return said(await generateText(words(client, asked)));
  },

  async stream(client, asked) {
    const answer = streamText(streaming(client, asked));
    const pieces = await collected(checked(answer));
    return { text: pieces.join(""), pieces, ...counted(await answer.usage) };
  },

  async tools(client, asked) {
    const { text, steps } = await generateText(withTools(words(client, asked)));
    const calls = steps[0].toolCalls.map((call) => called(call.toolName, call.input));
    return { text, ...counted(steps.at(-1).usage), calls };
  },

  async tool_stream(client, asked) {
    const answer = streamText(withTools(streaming(client, asked)));
    await collected(checked(answer));
    const steps = await answer.steps;
    return { calls: steps[0].toolCalls.map((call) => called(call.toolName, call.input)) };
  },

  async schema(client, asked) {
    const output = Output.object({ schema: verdict });
    return (await generateText({ ...words(client, asked), output })).output;
  },

  async image(client, { model, text, png }) {
    const content = [{ type: "text", text }, { type: "image", image: png, mediaType: "image/png" }];
    const messages = [{ role: "user", content }];
    return said(await generateText({ model: client(model), messages }));
  },

  async embed(client, { model, texts }) {
    const asked = { model: client.embeddingModel(model), values: texts };
    return (await embedMany(asked)).embeddings;
  },

  async leave(client, asked) {
    const abort = new AbortController();
    const answer = streamText({ ...streaming(client, asked), abortSignal: abort.signal });
    return left(answer.textStream, () => abort.abort());
  },
};

function words(client, { model, text, max_tokens }) {
  return { model: client(model), prompt: text, maxOutputTokens: max_tokens };
}

// Its streams tell an error to this function only.
function streaming(client, asked) {
  return { ...words(client, asked), onError: () => {} };
}

async function* checked(answer) {
  for await (const part of answer.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") yield part.text;
  }
}

function withTools(asked) {
  const execute = async () => RESULT;
  const weather = tool({ description: DESCRIPTION, inputSchema: jsonSchema(CITY), execute });
  return { ...asked, tools: { weather }, stopWhen: stepCountIs(2) };
}

function said({ text, usage }) {
  return { text, ...counted(usage) };
}

function counted({ inputTokens, outputTokens }) {
  return { input: inputTokens, output: outputTokens };
}
