// Receive signed callbacks, with Node ≥ 20 only: WEBHOOK_SECRET=whsec_… node verify_webhook.mjs 9000
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace("whsec_", ""), "base64");
const TOLERANCE_S = 5 * 60;

createServer(async (request, response) => {
  const body = await buffer(request); // the exact bytes, because they are signed
  if (!verified(request.headers, body)) return response.writeHead(401).end(); // final: Baton does not try again
  const { type, task_id, result } = JSON.parse(body);
  // The same webhook-id arrives again if the answer was lost: process it only once.
  console.log(request.headers["webhook-id"], type, task_id, JSON.stringify(result));
  response.writeHead(204).end();
}).listen(Number(process.argv[2]), "127.0.0.1");

function verified(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": sent, "webhook-signature": signatures = "" } = headers;
  const age = Math.abs(Date.now() / 1000 - Number(sent));
  const expected = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest();
  return age < TOLERANCE_S && signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace("v1,", ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
