/** Live record of one task: read once, then kept current by its own event stream and the system's task events. */
import { onMounted, onUnmounted, shallowReactive, watch } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { follow } from "../../lib/live.js";
import { isFinal } from "../../lib/status.js";
import { useNews } from "./news.js";
import { lineOf } from "./stage.js";

const CLOSING = ["task_complete", "task_cancelled"];

/**
 * @returns {{task: object | null, error: Error | null, removed: boolean, reason: object | null, read: () => Promise<void>}}
 *   `reason` is why the task waits, null while it does not; `removed`: the task was deleted after it was loaded
 */
export function useTask(id) {
  const path = `/v1/tasks/${encodeURIComponent(id)}`;
  const record = shallowReactive({ task: null, error: null, removed: false, reason: null, read });
  let stream = null;

  async function read() {
    try {
      show(await api.get(path));
      await why();
    } catch (error) {
      if (error.status === 404 && record.task) record.removed = true;
      record.error = error;
      leave();
    }
  }

  function show(task) {
    Object.assign(record, { task, error: null });
    isFinal(task.status) ? leave() : listen();
  }

  async function why() {
    const waits = record.task.status === "PENDING" || (record.task.status === "RUNNING" && lineOf(record.task));
    record.reason = waits ? await api.get(`${path}/wait-reason`) : null;
  }

  function listen() {
    stream ??= follow(`${path}/events`, {
      initial_state: show,
      progress: (progress) => progressed(record, progress),
      signal: ({ code }) => (CLOSING.includes(code) && leave(), soon()),
      error: () => (leave(), soon()),
    });
  }

  function leave() {
    stream?.close();
    stream = null;
  }

  function concerns(news) {
    if (news?.task_id === id && news.status === null) record.removed = true;
    return !record.removed && (news === null || news.task_id === id || record.reason !== null);
  }

  const soon = useNews(concerns, read);
  watch(() => record.task && lineOf(record.task)?.position, () => soon());
  onMounted(read);
  onUnmounted(leave);
  return record;
}

function progressed(record, progress) {
  const { task } = record;
  const stage = { ...task.stages[task.task_name], progress };
  record.task = { ...task, stages: { ...task.stages, [task.task_name]: stage } };
}
