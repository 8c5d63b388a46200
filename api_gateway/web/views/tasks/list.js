/** Task list, newest first. Scrolling loads more rows; task events update them. */
import { computed, html, nextTick, onMounted, onUnmounted, ref, shallowRef, watch } from "../../lib/html.js";
import { to } from "../../lib/router.js";
import { EmptyState } from "../../components/empty-state.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { ACTIONS } from "./actions.js";
import { useChoice } from "./choice.js";
import { PAGE, taskFeed } from "./feed.js";
import { Filters, address } from "./filters.js";
import { useNews } from "./news.js";
import { TaskRow } from "./row.js";
import { windowed } from "./windowed.js";

const AHEAD = 25; // rows loaded beyond the visible ones
const EMPTY = { PENDING: "No waiting tasks", RUNNING: "No running tasks", SUCCESS: "No finished tasks yet", FAILED: "No failed tasks", CANCELLED: "No cancelled tasks" };
const KIND = { PENDING: "waiting ", RUNNING: "running ", SUCCESS: "finished ", FAILED: "failed ", CANCELLED: "cancelled " };

/** The last list shown, restored when the user returns from a task. */
const left = { key: null, feed: null, scroll: 0, address: address("", "") };

export function wayBack() {
  return to(...left.address);
}

export const TaskList = {
  props: ["status", "name"],
  setup(props) {
    const key = `${props.status} ${props.name}`;
    const back = left.key === key;
    const feed = back ? left.feed : taskFeed({ status: props.status, task_name: props.name });
    Object.assign(left, { key, feed, scroll: back ? left.scroll : 0, address: address(props.status, props.name) });

    const list = shallowRef(null);
    const shown = windowed(list, () => feed.rows);
    const visible = computed(() => feed.rows.slice(shown.first, shown.last));
    const soon = useNews(feed.note, () => feed.renew(shown.first, shown.last));

    onMounted(async () => {
      if (!back) return feed.extend(PAGE);
      feed.note(null);
      soon();
      await nextTick();
      scrollTo(0, left.scroll);
    });
    const keepScroll = () => (left.scroll = scrollY);
    onMounted(() => addEventListener("scroll", keepScroll, { passive: true }));
    onUnmounted(() => removeEventListener("scroll", keepScroll));
    watch([() => feed.rows, () => shown.last], () => feed.loaded && feed.extend(shown.last + AHEAD));

    const newest = ref(null); // the first row when the top was last visible
    watch([() => feed.rows, () => shown.first], () => shown.first === 0 && (newest.value = feed.rows[0]?.task_id));
    const unseen = computed(() => feed.rows.findIndex((row) => row.task_id === newest.value));

    const act = async (action, task) => (await action.run(task)) && (feed.note(null), soon());
    const focused = useChoice(list, () => feed.rows, shown.show, act);

    const rows = () => html`
      <ul ref=${list} class="task-rows" aria-label="Tasks, newest first" onFocusin=${focused}
          style=${{ paddingTop: `${shown.first * shown.height}px`, paddingBottom: `${Math.max(0, feed.rows.length - shown.last) * shown.height}px` }}>
        ${visible.value.map((task, index) => html`
          <${TaskRow} key=${task.task_id} task=${task} place=${shown.first + index + 1} onAct=${act}
                      total=${feed.complete ? feed.rows.length : -1} />`)}
      </ul>`;

    return () => html`
      <section class="task-list">
        <div class="head"><h1>Tasks</h1><a class="button" href=${to("submit")}>Submit a task</a></div>
        <${Filters} status=${props.status} name=${props.name} />
        ${feed.error && html`
          <div class="stack"><${ErrorNotice} error=${feed.error} /><div><button class="small" onClick=${() => feed.extend(PAGE)}>Try again</button></div></div>`}
        ${!feed.loaded && !feed.error && html`<div class="task-rows task-ghosts" role="status" aria-label="Loading the tasks"></div>`}
        ${feed.loaded && feed.rows.length === 0 && nothing(props)}
        ${unseen.value > 0 && html`
          <div class="task-unseen">
            <button class="primary small" onClick=${() => scrollTo(0, 0)}>${unseen.value === 1 ? "1 new task" : `${unseen.value} new tasks`}</button>
          </div>`}
        ${feed.rows.length > 0 && rows()}
        ${feed.rows.length > 0 && foot(feed)}
      </section>`;
  },
};

function nothing({ status, name }) {
  if (!status && !name) {
    return html`
      <${EmptyState} icon="tasks" title="No tasks yet">
        <p>Submit a video or an audio file, choose a task, and follow its progress here.</p>
        <a class="button" href=${to("submit")}>Submit your first task</a>
      <//>`;
  }
  const title = name ? `No ${KIND[status] ?? ""}task of ${name}` : EMPTY[status] ?? "No tasks here";
  return html`<${EmptyState} icon="search" title=${title}><a class="button" href=${to("tasks")}>Show all tasks</a><//>`;
}

function foot(feed) {
  if (!feed.complete) return html`<p class="task-foot muted" role="status">Loading more…</p>`;
  return html`
    <p class="task-foot muted">
      <span>${feed.rows.length === 1 ? "1 task" : `${feed.rows.length.toLocaleString()} tasks`}</span>
      <span class="task-keys"><kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open ${ACTIONS.map(({ key, label }) => html`<kbd>${key}</kbd> ${label.toLowerCase()} `)}</span>
    </p>`;
}
