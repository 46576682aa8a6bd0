// Verifies a message with the npm library standardwebhooks, and signs one with it.
// Input: {secret, id, timestamp, body, headers}; answer: {error, signature}.
import { createRequire } from "node:module";
const { Webhook } = createRequire(process.cwd() + "/")("standardwebhooks");

const input = JSON.parse(process.env.MESSAGE);
const webhook = new Webhook(input.secret);
const answer = { signature: webhook.sign(input.id, new Date(input.timestamp * 1000), input.body) };
try {
  webhook.verify(input.body, input.headers);
} catch (error) {
  answer.error = error.message;
}
console.log(JSON.stringify(answer));
