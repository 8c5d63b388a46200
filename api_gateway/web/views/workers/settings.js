/** Monitor settings in effect, and the source of each. */
import { html, onMounted, ref, shallowRef } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { setDuration } from "../../lib/format.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { toast } from "../../components/toasts.js";
import { LimitsDialog } from "./limits-dialog.js";

const SHOWN = [
  ["timeout_levels/warning", "Lease warning"], ["timeout_levels/soft_timeout", "Soft timeout"], ["timeout_levels/hard_timeout", "Hard timeout"],
  ["stall_timeout", "Stall timeout"], ["heartbeat/interval", "Heartbeat every"], ["heartbeat/timeout", "Dead after"],
  ["obey_grace", "Grace period to stop"], ["monitor_interval", "Monitor checks every"], ["reconcile_interval", "Queues compared every"],
];

const SOURCES = { runtime: "changed here", environment: "environment" }; // the file and the defaults get no label

export const Settings = {
  setup() {
    const found = shallowRef(null);
    const error = shallowRef(null);
    const editing = ref(false);

    onMounted(() => api.get("/v1/monitoring/config").then((config) => (found.value = config), (failure) => (error.value = failure)));

    function changed(config) {
      found.value = config;
      toast("The time limits were changed.");
    }

    return () => html`
      <section class="card stack" aria-label="Monitor settings">
        <header class="row spread">
          <h2>Monitor settings</h2>
          ${found.value && html`<button class="small" onClick=${() => (editing.value = true)}>Change the time limits…</button>`}
        </header>
        <${ErrorNotice} error=${error.value} />
        ${found.value && facts(found.value)}
        ${editing.value && html`<${LimitsDialog} config=${found.value.config} onChanged=${changed} onClose=${() => (editing.value = false)} />`}
      </section>`;
  },
};

function facts({ config, sources, ignored }) {
  return html`
    ${ignored && html`<p class="notice warn">The changes made at run time are not applied: ${ignored}</p>`}
    <dl class="facts settings">
      ${SHOWN.map(([path, title]) => html`<dt key=${path}>${title}</dt><dd class="number">${seconds(valueAt(config, path))} ${source(sources[path])}</dd>`)}
      ${Object.entries(config.per_task).map(([task, levels]) => html`
        <dt key=${task}><code>${task}</code></dt><dd class="number">${ofTask(levels)} ${source(sources[`per_task/${task}/${Object.keys(levels)[0]}`])}</dd>`)}
      <dt>Alerts go to</dt><dd>${config.alert_url ? "a webhook" : html`<span class="muted">nobody: set <code>alert_url</code></span>`} ${source(sources.alert_url)}</dd>
      <dt>Restarts containers</dt><dd>${config.restart_containers ? "yes" : "no"} ${source(sources.restart_containers)}</dd>
    </dl>`;
}

function valueAt(config, path) {
  return path.split("/").reduce((tree, name) => tree[name], config);
}

function seconds(value) {
  return value > 0 ? setDuration(value) : "off";
}

function ofTask(levels) {
  const own = Object.entries(levels).filter(([, value]) => value !== null);
  return own.map(([name, value]) => `${name.replace("_", " ")} ${seconds(value)}`).join(", ");
}

function source(from) {
  const words = SOURCES[from];
  return words && html`<span class=${`chip ${from === "runtime" ? "default" : ""}`}>${words}</span>`;
}
