/** The one stream of the page: what the whole system does, and which tasks have changed. */
import { reactive, shallowReactive } from "./html.js";
import { follow } from "./live.js";

/** `snapshot` is null until the first one came; it is replaced, never changed, about once a second. */
export const system = shallowReactive({ snapshot: null, state: "connecting" });

/** The seconds of the gateway's clock: a computed value that reads `clock.now` is made anew as time goes by. */
export const clock = reactive({ now: Date.now() });

const listeners = new Set();
let stream = null;
let ticking = 0;
let behind = 0;

/** Return the gateway's time in ms: stamps are by its clock, and this machine's may be off. */
export function gatewayTime() {
  return Date.now() + behind;
}

function see(snapshot) {
  behind = Date.parse(snapshot.at) - Date.now();
  system.snapshot = snapshot;
}

/**
 * Hear of every task that begins, ends, waits again or is removed.
 * @param {(news: {task_id: string, status: string | null} | null) => void} listener null: the stream is back after a
 *   gap, so anything may have changed
 * @returns {() => void} stops it
 */
export function onTask(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(news) {
  for (const listener of listeners) listener(news);
}

export function startSystem() {
  ticking ||= setInterval(() => (clock.now = gatewayTime()), 1_000);
  let before = "connecting";
  stream ??= follow(
    "/v1/monitoring/events",
    { snapshot: see, task: tell },
    (state) => {
      if (state === "live" && before !== "live") tell(null);
      before = system.state = state;
    },
  );
}

export function stopSystem() {
  stream?.close();
  stream = null;
  Object.assign(system, { snapshot: null, state: "connecting" });
}
