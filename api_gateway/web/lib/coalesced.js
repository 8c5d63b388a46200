/** Many wishes for the same thing, granted together. */
import { onUnmounted } from "./html.js";

/**
 * Return a function that has the action run soon, and at most once in `waitMs` however often it is called. It ends with
 * the component that made it.
 */
export function coalesced(action, waitMs) {
  let timer = 0, last = -Infinity;

  function run() {
    timer = 0;
    last = performance.now();
    action();
  }

  onUnmounted(() => clearTimeout(timer));
  return () => {
    timer ||= setTimeout(run, Math.max(50, last + waitMs - performance.now()));
  };
}
