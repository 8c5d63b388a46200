/** Act on the news of tasks, but not on each: what comes in quick succession is answered once. */
import { onMounted, onUnmounted } from "../../lib/html.js";
import { coalesced } from "../../lib/coalesced.js";
import { onTask } from "../../lib/system.js";

const GATHER_MS = 400;

/**
 * @param {(news: {task_id: string, status: string | null} | null) => boolean} concerns whether it has to be acted on
 * @returns {() => void} acts soon, as after news
 */
export function useNews(concerns, act) {
  const soon = coalesced(act, GATHER_MS);
  let stop = () => {};
  onMounted(() => (stop = onTask((news) => concerns(news) && soon())));
  onUnmounted(() => stop());
  return soon;
}
