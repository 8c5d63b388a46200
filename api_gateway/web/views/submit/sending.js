/** From what was put together to tasks on record. */
import { api } from "../../lib/api.js";
import { shallowReactive } from "../../lib/html.js";
import { remember } from "../../lib/media.js";
import { mediaOf, uploadOf } from "../../lib/uploads.js";

/** `total` requests are on their way, `done` of them are tasks; `stopped`: no more are begun. */
export const sending = shallowReactive({ busy: false, total: 0, done: 0, stop: null });

const keys = new Map();

/** Return the same key for the same request until it is on record: trying again after a lost answer makes no second task. */
function keyOf(text) {
  if (!keys.has(text)) keys.set(text, [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  return keys.get(text);
}

/** Return a value with `change` made to every text in it. */
export function mapTexts(value, change) {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, change)]));
}

function uploadsIn(body) {
  const found = new Set();
  mapTexts(body, (text) => found.add(uploadOf(text)));
  return [...found].filter(Boolean);
}

/** Record one task, when its files are there; `stopped` rejects when no more are wanted. @returns what `POST /v1/tasks` answers */
async function send({ source, body }, stopped) {
  const uploads = uploadsIn(body);
  await Promise.race([stopped, Promise.all(uploads.map(({ token }) => mediaOf(token)))]);
  const ready = mapTexts(body, (text) => uploadOf(text)?.media ?? text);
  const text = JSON.stringify(ready);
  const answer = await api.post("/v1/tasks", ready, { more: { "Idempotency-Key": keyOf(text) } }).catch((error) => {
    sending.stop(); // what is refused once is refused for every file, or the gateway has trouble
    throw error;
  });
  keys.delete(text);
  for (const upload of uploads) upload.used = true;
  if (uploadOf(source)) remember(answer.task_id, uploadOf(source).file);
  return answer;
}

/**
 * Send all requests, each when its files are there.
 * @param onSent (request, answer) as each one is on record
 * @returns {Promise<Error[]>} what came in the way, without what the user has stopped
 */
export async function sendAll(requests, onSent) {
  const stopped = new Promise((_, reject) => (sending.stop = () => reject(new DOMException("It was stopped.", "AbortError"))));
  stopped.catch(() => {});
  Object.assign(sending, { busy: true, total: requests.length, done: 0 });
  const failures = [];
  await Promise.all(requests.map(async (request) => {
    try {
      onSent(request, await send(request, stopped));
      sending.done += 1;
    } catch (error) {
      if (error.name !== "AbortError") failures.push(error);
    }
  }));
  sending.busy = false;
  return failures;
}
