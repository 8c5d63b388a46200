/** Subscription to task events. Events in quick succession trigger the action once. */
import { onMounted, onUnmounted } from "../../lib/html.js";
import { coalesced } from "../../lib/coalesced.js";
import { onTask } from "../../lib/system.js";

const GATHER_MS = 400;

/**
 * @param {(news: {task_id: string, status: string | null} | null) => boolean} concerns whether the event calls for the action
 * @returns {() => void} schedules the action, as an event does
 */
export function useNews(concerns, act) {
  const soon = coalesced(act, GATHER_MS);
  let stop = () => {};
  onMounted(() => (stop = onTask((news) => concerns(news) && soon())));
  onUnmounted(() => stop());
  return soon;
}
