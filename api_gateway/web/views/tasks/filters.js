/** Filters of the task list: a tab for each status, and a select of the catalog's task names. */
import { html, onMounted, shallowRef } from "../../lib/html.js";
import { catalog } from "../../lib/catalog.js";
import { go, to } from "../../lib/router.js";
import { system } from "../../lib/system.js";

const TABS = [["", "All"], ["PENDING", "Waiting"], ["RUNNING", "Running"], ["SUCCESS", "Done"], ["FAILED", "Failed"], ["CANCELLED", "Cancelled"]];

/** Return the route of the list with these filters; empty filters are omitted. */
export function address(status, name) {
  return ["tasks", "", { ...(status && { status }), ...(name && { task_name: name }) }];
}

/** Return how many tasks have this status; null if unknown, as for a single task name. */
function count(status, name) {
  const counts = system.snapshot?.counts;
  if (!counts || name) return null;
  return status ? counts[status] ?? 0 : Object.values(counts).reduce((sum, one) => sum + one, 0);
}

export const Filters = {
  props: ["status", "name"],
  setup(props) {
    const names = shallowRef([]);
    const tabs = shallowRef(null);
    onMounted(() => tabs.value.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
    onMounted(async () => (names.value = [...(await catalog().catch(() => new Map())).keys()].sort()));
    const tab = ([status, title]) => {
      const tasks = count(status, props.name);
      return html`
        <a key=${status} href=${to(...address(status, props.name))} aria-current=${status === props.status ? "true" : undefined}>
          ${title}${tasks !== null && html`<span class="number">${tasks.toLocaleString()}</span>`}
        </a>`;
    };
    return () => html`
      <div class="task-filters">
        <nav ref=${tabs} class="task-tabs" aria-label="By status">${TABS.map(tab)}</nav>
        <select aria-label="Kind of task" value=${props.name} onChange=${(event) => go(...address(props.status, event.target.value))}>
          <option value="">All kinds</option>
          ${distinct(names.value, props.name).map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
      </div>`;
  },
};

function distinct(names, chosen) {
  return chosen && !names.includes(chosen) ? [...names, chosen] : names;
}
