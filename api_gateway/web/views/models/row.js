/** Row of one model: state, actions, and where it is loaded. */
import { html } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { bytes } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { system } from "../../lib/system.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";
import { ProgressBar } from "../../components/progress-bar.js";
import { attempt } from "../../components/toasts.js";
import { badgeOf, failureOf, stateOf } from "./state.js";

const MIB = 1024 ** 2;

export const ModelRow = ({ model, news, task }) => {
  const state = stateOf(model, task);
  const [words, look] = badgeOf(state);
  const failure = failureOf(model, state, news, task);
  return html`
    <li class="model">
      <div class="what">
        <h3>${model.name}</h3>
        ${model.test_model && html`<span class="chip">test model</span>`}
        ${model.default_for.map((setting) => html`
          <span key=${setting} class="chip default" title=${`the model of ${setting}`}>${settingName(setting)}</span>`)}
        <p class="hint">${model.repository ?? (model.test_model ? "Tiny, for the demo and the tests; says nothing about the quality of its engine" : `share/models/${model.engine}/${model.name}`)}</p>
      </div>
      <span class=${`badge ${look}`}>${words}</span>
      <span class="size number">${model.size === null ? "" : bytes(model.size)}</span>
      <div class="row actions">${actions(model, state, task)}</div>
      ${below(model, state, failure)}
    </li>`;
};
ModelRow.props = ["model", "news", "task"];

/** @param {string} setting "faster_whisper.gpu_translation_model" @returns "gpu translation default" */
function settingName(setting) {
  const kind = setting.split(".").at(-1).replace(/_?model$/, "").replaceAll("_", " ");
  return `${kind} default`.trim();
}

function actions(model, state, task) {
  const name = model.name;
  const path = `/v1/models/${model.id}`;
  if (model.loaded.length > 0) {
    const unload = () => attempt(() => api.post(`${path}/unload`), `${model.id} is being unloaded.`);
    return html`<button class="small" aria-label=${`Unload ${name}`} onClick=${unload}>Unload</button>`;
  }
  if (state === "missing" && model.repository) {
    const bring = () => attempt(() => api.post(`${path}/download`));
    return html`<button class="small" aria-label=${`Download ${name}`} onClick=${bring}><${Icon} name="download" />Download</button>`;
  }
  const stoppable = state === "waiting" || (task && model.download?.task_id === task.task_id);
  const stop = () => attempt(() => api.post(`/v1/tasks/${encodeURIComponent(task.task_id)}/cancel`));
  return stoppable && html`<button class="small" aria-label=${`Stop the download of ${name}`} onClick=${stop}>Stop</button>`;
}

function below(model, state, failure) {
  return html`
    ${state === "downloading" && download(model)}
    ${state === "waiting" && html`<p class="wide hint">${waitsFor(model.engine)}</p>`}
    ${state === "damaged" && html`
      <p class="wide notice bad">
        Some of its files are missing or cannot be read. Repair <code>share/models/${model.engine}/${model.name}</code>, or delete it and download the model again.
      </p>`}
    ${state === "missing" && !model.repository && html`<p class="wide hint">No hub has this model: copy its folder to share/models by hand.</p>`}
    ${failure && html`<div class="wide"><${ErrorNotice} error=${failure} /></div>`}
    ${model.loaded.length > 0 && html`<ul class="wide places">${model.loaded.map(place)}</ul>`}`;
}

function download({ name, download: { percent, processed, total, task_id: task } }) {
  return html`
    <div class="wide">
      <${ProgressBar} percent=${percent} label=${`Download of ${name}`} message=${`${bytes(processed)} of ${bytes(total)}`} />
      <a class="small" href=${to("tasks", task)}>Show the task</a>
    </div>`;
}

function waitsFor(engine) {
  const queue = system.snapshot?.queues.find((one) => one.name === engine);
  if (queue && queue.workers === 0) return html`No worker of ${engine} is alive, and only they can download its models: <code>python -m services ${engine}</code>`;
  return `A worker of ${engine} will start it soon.`;
}

function place({ host, device, worker, variant, memory_mib: mib }) {
  return html`
    <li key=${`${worker} ${variant}`}>
      <span class="badge info">Loaded</span>
      <span class="number">${bytes(mib * MIB)}</span>
      <span class="hint">${device === "cpu" ? "in memory" : `on ${device}`} of ${host}, ${worker}${variant && html`, <code>${variant}</code>`}</span>
    </li>`;
}
