/** Server-Sent Events that reconnect after a network failure, a gateway restart or an expired token. */
import { link } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const SILENT_MS = 30_000; // three missed pings
const HOPELESS = new Set([401, 403, 404, 422]);

/**
 * Follow a stream until `close()` is called.
 * @param {string} path of the stream, without a token
 * @param {Record<string, (data: object, event: MessageEvent) => void>} handlers by event name, including `error`
 * @param {(state: "connecting" | "live" | "lost", error?: Error) => void} [onState] `lost` is final: no further attempts
 */
export function follow(path, handlers, onState = () => {}) {
  let source = null, retry = 0, watchdog = 0, wait = FIRST_WAIT_MS, closed = false;

  function close() {
    closed = true;
    clearTimeout(retry);
    clearTimeout(watchdog);
    source?.close();
  }

  function again() {
    if (closed) return;
    onState("connecting");
    clearTimeout(watchdog);
    source?.close();
    clearTimeout(retry);
    retry = setTimeout(open, wait * (0.75 + Math.random() / 2));
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(again, SILENT_MS);
  }

  function hear(kind, handler) {
    source.addEventListener(kind, (event) => {
      if (event.data === undefined || closed) return; // `error` of the connection itself, not sent by the gateway
      alive();
      handler?.(JSON.parse(event.data), event);
    });
  }

  async function open() {
    let url;
    try {
      url = await link(path);
    } catch (error) {
      return HOPELESS.has(error.status) ? (close(), onState("lost", error)) : again();
    }
    if (closed) return;
    source = new EventSource(url);
    source.onopen = () => {
      wait = FIRST_WAIT_MS;
      alive();
      onState("live");
    };
    source.onerror = (event) => event.data === undefined && again(); // every attempt needs a new token
    hear("ping");
    for (const [kind, handler] of Object.entries(handlers)) hear(kind, handler);
  }

  onState("connecting");
  open();
  return { close };
}
