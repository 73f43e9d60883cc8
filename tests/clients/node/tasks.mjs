// What every client is asked to do, and the form in which it tells what came of it: as in
// ../drivers/tasks.py.

import { z } from "zod";

export const WEATHER = "weather";
export const DESCRIPTION = "The weather of a city";
export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const RESULT = "sunny, 21 degrees";
export const verdict = z.object({ ok: z.boolean(), n: z.int() });
const PIECES_BEFORE_LEAVING = 4;

export const user = (content) => ({ role: "user", content });

export const called = (name, told) => ({
  name,
  arguments: typeof told === "string" ? JSON.parse(told) : told,
});

export async function collected(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

// Reads a few pieces of a stream, then leaves it in the client's own way.
export async function left(pieces, leave) {
  let seen = 0;
  for await (const _ of pieces) {
    if (++seen === PIECES_BEFORE_LEAVING) {
      leave();
      break;
    }
  }
  return seen;
}
