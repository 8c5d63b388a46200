/** Task picker: the chosen task, and a searchable list grouped by service. */
import { computed, html, nextTick, ref, shallowRef, watch } from "../../lib/html.js";
import { system } from "../../lib/system.js";
import { EmptyState } from "../../components/empty-state.js";
import { Icon } from "../../components/icon.js";
import { grouped, titleOf } from "./catalog.js";
import { choose, draft, entry } from "./draft.js";

/** Return the state of a queue, null if it is not known yet. */
export function queueOf(name) {
  return system.snapshot?.queues.find((queue) => queue.name === name) ?? null;
}

const marks = (task) => html`
  ${task.needs_gpu && html`<span class="tag">GPU</span>`}
  ${queueOf(task.queue)?.workers === 0 && html`<span class="tag warn">no worker</span>`}`;

const optionId = (name) => `task-${name.replaceAll(".", "-")}`;

export const TaskPicker = {
  setup() {
    const dialog = shallowRef(null);
    const shown = ref(false);
    const search = ref("");
    const at = ref(0);
    const groups = computed(() => grouped(search.value));
    const flat = computed(() => groups.value.flatMap(([, tasks]) => tasks));
    const active = computed(() => flat.value[at.value]);

    async function open() {
      shown.value = true;
      search.value = "";
      await nextTick();
      at.value = Math.max(0, flat.value.indexOf(entry.value));
      dialog.value.showModal();
      scroll();
    }

    async function scroll() {
      await nextTick();
      if (active.value) document.getElementById(optionId(active.value.task_name))?.scrollIntoView({ block: "nearest" });
    }

    function pick(task) {
      if (!task) return;
      choose(task.task_name);
      dialog.value.close();
    }

    const last = () => flat.value.length - 1;
    const KEYS = {
      ArrowDown: () => (at.value = at.value >= last() ? 0 : at.value + 1),
      ArrowUp: () => (at.value = at.value <= 0 ? last() : at.value - 1),
      PageDown: () => (at.value = Math.min(last(), at.value + 5)),
      PageUp: () => (at.value = Math.max(0, at.value - 5)),
      Enter: () => pick(active.value),
    };
    function press(event) {
      if (!KEYS[event.key] || event.isComposing) return;
      event.preventDefault();
      KEYS[event.key]();
      scroll();
    }
    watch(search, () => (at.value = 0));

    const option = (task) => html`
      <li key=${task.task_name} id=${optionId(task.task_name)} role="option" aria-selected=${task === active.value}
          class=${task.task_name === draft.task ? "chosen" : ""} onClick=${() => pick(task)}>
        <span class="row"><strong>${titleOf(task)}</strong>${marks(task)}</span>
        <span class="hint">${task.summary}</span>
      </li>`;

    const list = () => html`
      <dialog ref=${dialog} class="picker" aria-label="Choose a task" onClose=${() => (shown.value = false)}
              onClick=${(event) => event.target === dialog.value && dialog.value.close()}>
        <div class="search"><${Icon} name="search" />
          <input type="text" role="combobox" aria-label="Search for a task" aria-expanded="true" aria-controls="task-list" aria-autocomplete="list"
                 aria-activedescendant=${active.value && optionId(active.value.task_name)} placeholder="Search for a task" autofocus
                 value=${search.value} onInput=${(event) => (search.value = event.target.value)} onKeydown=${press} />
          <button type="button" class="plain icon" aria-label="Close" onClick=${() => dialog.value.close()}><${Icon} name="close" /></button>
        </div>
        <div class="options" id="task-list" role="listbox" aria-label="Tasks" tabindex="-1">
          ${groups.value.map(([service, tasks]) => html`
            <ul key=${service} role="group" aria-label=${service}>
              <li class="service" role="presentation"><code>${service}</code></li>
              ${tasks.map(option)}
            </ul>`)}
        </div>
        ${flat.value.length === 0 && html`<${EmptyState} icon="search" title="No matching task"><p>Search for a word in the name or the description of a task.</p><//>`}
      </dialog>`;

    return () => html`
      <section class="card chosen-task" aria-labelledby="task-title">
        <header class="row spread"><h2 id="task-title">Task</h2><code class="hint">${entry.value.task_name}</code></header>
        <button type="button" class="task-choice" aria-haspopup="dialog" onClick=${open}>
          <span class="told">
            <span class="visually-hidden">Choose another task instead of</span>
            <span class="row"><strong>${titleOf(entry.value)}</strong>${marks(entry.value)}</span>
            <span class="hint">${entry.value.summary}</span>
          </span>
          <${Icon} name="chevron" />
        </button>
        ${shown.value && list()}
      </section>`;
  },
};
