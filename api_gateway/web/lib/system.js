/** System event stream of the page: snapshots of the whole system, and changes of tasks. */
import { reactive, shallowReactive } from "./html.js";
import { follow } from "./live.js";

/** `snapshot` is null until the first one arrives; it is replaced about once a second, never mutated. */
export const system = shallowReactive({ snapshot: null, state: "connecting" });

/** Gateway time in ms, updated every second: computed values that read `clock.now` are recomputed. */
export const clock = reactive({ now: Date.now() });

const listeners = new Set();
let stream = null;
let ticking = 0;
let behind = 0;

/** Return the gateway's time in ms: timestamps use its clock, and this machine's clock may differ. */
export function gatewayTime() {
  return Date.now() + behind;
}

function see(snapshot) {
  behind = Date.parse(snapshot.at) - Date.now();
  system.snapshot = snapshot;
}

/**
 * Subscribe to every task that starts, ends, is queued again or is removed.
 * @param {(news: {task_id: string, status: string | null} | null) => void} listener `null`: the stream has reconnected,
 *   so anything may have changed
 * @returns {() => void} unsubscribes
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
