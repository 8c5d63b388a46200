/** Models view: list, filter, download and unload models. */
import { computed, html, reactive } from "../lib/html.js";
import { bytes } from "../lib/format.js";
import { EmptyState } from "../components/empty-state.js";
import { ErrorNotice } from "../components/error-notice.js";
import { SegmentedChoice } from "../components/segmented-choice.js";
import { useDownloads } from "./models/downloads.js";
import { useModels } from "./models/models.js";
import { ModelRow } from "./models/row.js";
import { chosen, FILTERS } from "./models/state.js";

export default {
  setup() {
    const models = useModels();
    const downloads = useDownloads();
    const wanted = reactive({ words: "", engine: "", state: "" });
    const engines = computed(() => [...new Set((models.list ?? []).map((model) => model.engine))]);
    const groups = computed(() => Map.groupBy(chosen(models.list ?? [], wanted), (model) => model.engine));

    function forget() {
      Object.assign(wanted, { words: "", engine: "", state: "" });
    }

    const filters = () => html`
      <div class="filters row">
        <input type="search" aria-label="Search the models" placeholder="Search" value=${wanted.words} onInput=${(event) => (wanted.words = event.target.value)} />
        <select aria-label="Engine" value=${wanted.engine} onChange=${(event) => (wanted.engine = event.target.value)}>
          <option value="">All engines</option>
          ${engines.value.map((engine) => html`<option key=${engine} value=${engine}>${engine}</option>`)}
        </select>
        <${SegmentedChoice} label="Which models" choices=${FILTERS} value=${wanted.state} onChoose=${(state) => (wanted.state = state)} />
      </div>`;

    const group = ([engine, list]) => html`
      <section key=${engine} class="card engine" aria-label=${engine}>
        <header class="row spread"><h2>${engine}</h2><span class="hint number">${summary(list)}</span></header>
        <ul class="models">${list.map((model) => html`<${ModelRow} key=${model.id} model=${model} news=${models.failures[model.id]} task=${downloads[model.id]} />`)}</ul>
      </section>`;

    return () => html`
      <div class="head">
        <h1>Models</h1>
        <p>Workers download a model the first time a task needs it. Download it here in advance, and that task does not have to wait.</p>
      </div>
      <div class="stack">
        <${ErrorNotice} error=${models.error} />
        ${!models.list && !models.error && html`<p class="boot">Loading…</p>`}
        ${models.list && filters()}
        ${models.list && groups.value.size === 0 && html`
          <div class="card"><${EmptyState} icon="search" title="No matching model"><button onClick=${forget}>Show all</button><//></div>`}
        ${[...groups.value].map(group)}
      </div>`;
  },
};

/** @returns {string} such as "2 of 18 present, 3.1 GiB" */
function summary(list) {
  const here = list.filter((model) => model.status === "present");
  const size = here.reduce((sum, model) => sum + (model.size ?? 0), 0);
  return `${here.length} of ${list.length} present${size > 0 ? `, ${bytes(size)}` : ""}`;
}
