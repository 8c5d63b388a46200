/** Sending of requests: wait for their uploads, then create the tasks. */
import { api } from "../../lib/api.js";
import { shallowReactive } from "../../lib/html.js";
import { remember } from "../../lib/media.js";
import { mediaOf, uploadOf } from "../../lib/uploads.js";

/** `total`: requests being sent; `done`: those that have become tasks; `stop()` keeps the others from being sent. */
export const sending = shallowReactive({ busy: false, total: 0, done: 0, stop: null });

const keys = new Map();

/** Return a request's idempotency key. It stays the same until the task exists, so that a retry creates no second task. */
function keyOf(text) {
  if (!keys.has(text)) keys.set(text, [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  return keys.get(text);
}

/** Return a value with `change` applied to every string in it. */
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

/** Create a task once its files are uploaded, unless `stopped` rejects first. @returns the `POST /v1/tasks` response */
async function send({ source, body }, stopped) {
  const uploads = uploadsIn(body);
  await Promise.race([stopped, Promise.all(uploads.map(({ token }) => mediaOf(token)))]);
  const ready = mapTexts(body, (text) => uploadOf(text)?.media ?? text);
  const text = JSON.stringify(ready);
  const answer = await api.post("/v1/tasks", ready, { more: { "Idempotency-Key": keyOf(text) } }).catch((error) => {
    sending.stop(); // the other requests would most likely fail in the same way
    throw error;
  });
  keys.delete(text);
  for (const upload of uploads) upload.used = true;
  if (uploadOf(source)) remember(answer.task_id, uploadOf(source).file);
  return answer;
}

/**
 * Send all requests, each once its files are uploaded.
 * @param onSent (request, answer), called for each task created
 * @returns {Promise<Error[]>} the failures, without requests that were stopped
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
