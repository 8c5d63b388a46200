/** Download tasks of the models, including those from before the page was opened. */
import { onMounted, onUnmounted, shallowReactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { onTask } from "../../lib/system.js";

const PREFIX = "download_model.";
const KIND = ".download_model";

/**
 * Follow the downloads while the component is mounted.
 * @returns {Record<string, object>} the context of each model's latest download task, by model id
 */
export function useDownloads() {
  const downloads = shallowReactive({});

  async function loadAll() {
    const { tasks } = await api.get("/v1/catalog");
    await Promise.all(tasks.map(({ task_name }) => task_name).filter((name) => name.endsWith(KIND)).map(loadOf));
  }

  async function loadOf(taskName) {
    const { tasks } = await api.get("/v1/tasks", { task_name: taskName, limit: 100 });
    for (const context of tasks.filter(({ task_id }) => task_id.startsWith(PREFIX))) downloads[modelOf(context.task_id)] = context;
  }

  async function hear(news) {
    if (news === null) return loadAll();
    if (!news.task_id.startsWith(PREFIX)) return undefined;
    if (news.status === null) return delete downloads[modelOf(news.task_id)];
    const context = await api.get(`/v1/tasks/${encodeURIComponent(news.task_id)}`);
    return (downloads[modelOf(news.task_id)] = context);
  }

  const quietly = (news) => hear(news).catch(() => undefined); // the list of models reports errors itself
  onMounted(() => quietly(null));
  onUnmounted(onTask(quietly));
  return downloads;
}

/** @param {string} taskId `download_model.<engine>.<name>` @returns "<engine>/<name>" */
function modelOf(taskId) {
  return taskId.slice(PREFIX.length).replace(".", "/");
}
