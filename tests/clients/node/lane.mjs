// Runs one case of one SDK against the gateway and prints, as one piece of JSON, what the SDK
// returned or threw and what it had on the wire. It judges nothing: pytest does (../nodejs.py).
//
//   node lane.mjs openai stream < {"client": {…the SDK's own options…}, "asked": {…the call…}}

import { json } from "node:stream/consumers";

import { Tap } from "./tap.mjs";

const [sdk, name] = process.argv.slice(2);
const { connect, cases } = await import(`./${sdk}.mjs`);
const { client, asked } = await json(process.stdin);
const tap = new Tap();

const seen = await cases[name](connect({ ...client, fetch: tap.fetch }), asked).then(
  (value) => ({ value }),
  (error) => ({ error: described(error) }),
);
process.stdout.write(JSON.stringify({ ...seen, wire: tap.wire() }));

function described({ constructor, message, status, error }) {
  return { name: constructor.name, message, status, body: error };
}
