// Runs the cases of one module against the gateway: one call a line of standard input, one line for
// what the client returned or threw. It judges nothing: pytest does (../process.py).
//
//   node lane.mjs openai <<< '{"case": "stream", "client": {…options…}, "asked": {…the call…}}'

import { createInterface } from "node:readline";

// Some clients print; what they print is not an answer.
console.log = console.info = console.error;

const { connect, cases } = await import(`./${process.argv[2]}.mjs`);

for await (const line of createInterface({ input: process.stdin })) {
  const { case: name, client, asked } = JSON.parse(line);
  const seen = await cases[name](connect(client), asked).then(
    (value) => ({ value: value ?? null }),
    (error) => ({ error: described(error) }),
  );
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

// Some clients wrap what the wire said in an error of theirs, or in the last of several.
function described(error) {
  const told = error.lastError ?? error;
  const { message, status = told.statusCode, error: body = told.data } = told;
  return { name: error.constructor.name, message, status, body };
}
