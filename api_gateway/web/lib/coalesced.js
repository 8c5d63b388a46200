/** Rate limit for an action: calls in quick succession run it once. */
import { onUnmounted } from "./html.js";

/**
 * Return a function that schedules the action: it runs soon, and at most once per `waitMs` however often the function
 * is called. Unmounting the component cancels a pending run.
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
