/** Tasks created from a list of files, with their status. */
import { api } from "../../lib/api.js";
import { html, onMounted, onUnmounted, watch } from "../../lib/html.js";
import { to } from "../../lib/router.js";
import { isFinal } from "../../lib/status.js";
import { onTask } from "../../lib/system.js";
import { StatusBadge } from "../../components/status-badge.js";
import { draft } from "./draft.js";
import { sending } from "./sending.js";

/** Reload the status of tasks whose events may have been missed. */
async function refresh() {
  await Promise.all(draft.sent.filter(({ status }) => !isFinal(status)).map(async (task) => {
    const known = await api.get(`/v1/tasks/${task.id}/status`).catch(() => null); // it may have been deleted
    if (known) task.status = known.status;
  }));
}

export const SentCard = {
  setup() {
    const early = new Map(); // a short task may end before the response with its id arrives
    const stop = onTask((news) => {
      if (!news) return refresh();
      const task = draft.sent.find(({ id }) => id === news.task_id);
      if (task && news.status) task.status = news.status;
      if (!task && sending.busy) early.set(news.task_id, news.status);
    });
    watch(() => draft.sent.length, () => {
      for (const task of draft.sent.filter(({ id }) => early.has(id))) {
        task.status = early.get(task.id);
        early.delete(task.id);
      }
    });
    watch(() => sending.busy, () => early.clear(), { flush: "post" });
    onMounted(refresh);
    onUnmounted(stop);
    return () => draft.sent.length > 0 && html`
      <section class="card sent-card" aria-labelledby="sent-title">
        <header class="row spread">
          <h2 id="sent-title">${`Submitted: ${draft.sent.length} ${draft.sent.length === 1 ? "task" : "tasks"}`}</h2>
          <div class="row"><a href=${to("tasks")}>All tasks</a><button type="button" class="small" onClick=${() => (draft.sent = [])}>Clear this list</button></div>
        </header>
        <ul>${draft.sent.map(({ id, view, name, status }) => html`
          <li key=${id}><a href=${to(view, id)}>${name}</a><${StatusBadge} status=${status} /></li>`)}</ul>
      </section>`;
  },
};
