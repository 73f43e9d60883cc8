// Leaving a stream of a model server that can be looked at.

import { setTimeout as sleep } from "node:timers/promises";

const ITEMS_BEFORE_LEAVING = 6;
const POLLS = 50;
const POLL_MS = 20;

// Aborts in the middle. The model server is looked at from here, as long as this process lives: its
// end would close the connection, too.
export async function left(stream, slots) {
  const seen = { items: 0 };
  for await (const _ of stream) {
    if (++seen.items < ITEMS_BEFORE_LEAVING) continue;
    seen.busy ??= await busy(slots);
    stream.controller.abort();
  }
  for (let poll = 0; poll < POLLS && (await busy(slots)) > 0; poll++) await sleep(POLL_MS);
  return { ...seen, busyAfter: await busy(slots) };
}

async function busy(slots) {
  const all = await (await fetch(slots)).json();
  return all.filter((slot) => slot.is_processing).length;
}
