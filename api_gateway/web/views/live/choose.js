/** List of transcripts to open: running tasks first, then waiting, then the newest. */
import { computed, html, onUnmounted, reactive, shallowRef } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { coalesced } from "../../lib/coalesced.js";
import { duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock, onTask, system } from "../../lib/system.js";
import { EmptyState } from "../../components/empty-state.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";
import { ProgressBar } from "../../components/progress-bar.js";
import { StatusBadge } from "../../components/status-badge.js";
import { address, isFileId, mediaName, references, sentName, textTasks } from "./inputs.js";

const PAGES = [{ status: "RUNNING", limit: 100 }, { status: "PENDING", limit: 100 }, { limit: 200 }];
const RANK = { RUNNING: 0, PENDING: 1 };
const MOST_SHOWN = 40;
const REFRESH_MS = 1_000;

/** @returns {Promise<object[]>} the tasks that produce a transcript: running, waiting, then the newest */
async function list() {
  const [names, ...pages] = await Promise.all([textTasks(), ...PAGES.map((page) => api.get("/v1/tasks", page))]);
  const found = new Map(pages.flatMap(({ tasks }) => tasks).map((task) => [task.task_id, task]));
  const rank = ({ status }) => RANK[status] ?? 2;
  return [...found.values()]
    .filter((task) => names.has(task.task_name))
    .sort((one, other) => rank(one) - rank(other) || other.created_at.localeCompare(one.created_at))
    .slice(0, MOST_SHOWN);
}

export const Choose = {
  setup() {
    const tasks = shallowRef(null), error = shallowRef(null), named = reactive({});
    const progress = computed(() => new Map((system.snapshot?.running ?? []).map((one) => [one.task_id, one.progress])));

    async function load() {
      try {
        tasks.value = await list();
        error.value = null;
        tasks.value.filter(({ task_id: id }) => !(id in named)).forEach((task) => name(task).catch(() => {})); // then the id is shown
      } catch (failure) {
        error.value = failure;
      }
    }

    async function name(task) {
      const { task_id: id } = task;
      const [reference] = await references(task);
      named[id] = mediaName(id, reference);
      if (!named[id] && reference && isFileId(reference)) named[id] = sentName(await api.head(address(reference)));
    }

    const soon = coalesced(load, REFRESH_MS);
    onUnmounted(onTask(soon));
    load();

    const card = (task) => {
      const { task_id: id, status, created_at: created } = task;
      return html`
        <li key=${id}>
          <a class="card choice" href=${to("live", id)}>
            <span class="row spread"><strong>${named[id] || id}</strong><${StatusBadge} status=${status} /></span>
            <span class="row spread small muted">
              <span>${task.task_name}</span>
              <span class="number">${duration(since(created, clock.now))} ago</span>
            </span>
            ${status === "RUNNING" && html`
              <${ProgressBar} percent=${progress.value.get(id)?.percent ?? 0} message=${progress.value.get(id)?.phase} label="Progress" />`}
          </a>
        </li>`;
    };

    return () => html`
      <div class="head">
        <h1>Live</h1>
        <p>Follow a transcript while it is made: drafts appear first, then the final text replaces them. Click a line to jump to it, correct mistakes, and download the subtitles.</p>
      </div>
      <${ErrorNotice} error=${error.value} />
      ${tasks.value?.length === 0 && html`
        <${EmptyState} icon="live" title="No transcripts yet"><a class="button" href=${to("submit")}><${Icon} name="submit" />Drop a video</a><//>`}
      ${tasks.value?.length > 0 && html`<ul class="choices columns">${tasks.value.map(card)}</ul>`}`;
  },
};
