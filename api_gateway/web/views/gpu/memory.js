/** Models loaded on a device, and the memory they use. */
import { html } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { bytes, clockTime, duration, since } from "../../lib/format.js";
import { clock } from "../../lib/system.js";
import { confirm } from "../../components/confirm.js";
import { attempt } from "../../components/toasts.js";
import { processOf, serviceOf } from "./names.js";

const MIB = 1024 ** 2;
const TINTS = 4;

async function unload({ model }) {
  const sure = await confirm({
    title: `Unload ${model}?`,
    text: "Every process that holds it is asked to unload it at the end of its current task. The next task that needs it loads it again.",
    yes: "Unload",
  });
  if (!sure) return;
  await attempt(() => api.post(`/v1/models/${model}/unload`), `${model} is being unloaded.`);
}

/** Return the bar's segments: [{key, title, share, tint}]. If the device's size is unknown, the models fill the bar. */
function pieces({ models, memory_mib: mib, total_mib: total }) {
  const whole = Math.max(total ?? 0, mib) || 1;
  return models.map((model, index) => ({
    key: `${model.name} ${model.worker}`, share: model.memory_mib / whole, title: `${model.name}: ${bytes(model.memory_mib * MIB)}`, tint: `tint-${index % TINTS}`,
  }));
}

export const Memory = ({ device }) => {
  const { models, memory_mib: mib, total_mib: total } = device;
  if (models.length === 0) return html`<p class="muted">No model is loaded. The first task that needs a model loads it, and it stays loaded.</p>`;
  const words = total ? `${bytes(mib * MIB)} of ${bytes(total * MIB)}` : bytes(mib * MIB);
  return html`
    <div class="memory stack">
      <div class="stacked" role="img" aria-label=${`Models use ${words}`}>
        ${pieces(device).map(({ key, share, title, tint }) => html`
          <span key=${key} class=${tint} title=${title} style=${{ width: `${100 * share}%` }}></span>`)}
      </div>
      <p class="hint number">Models use ${words}</p>
      <ul class="residents">${models.map(resident)}</ul>
    </div>`;
};
Memory.props = ["device"];

function resident(model, index) {
  const variant = model.name.slice(model.model.length + 1);
  return html`
    <li key=${`${model.name} ${model.worker}`}>
      <span class=${`task tint-${index % TINTS}`}><span class="name">${model.model}</span></span>
      <span class="number">${bytes(model.memory_mib * MIB)}</span>
      <span class="hint" title=${`loaded ${clockTime(model.loaded_at)} by ${model.worker}`}>
        ${variant && html`<code>${variant}</code>, `}${serviceOf(model.worker)}, pid <span class="number">${processOf(model.worker)}</span>, used <span class="number">${duration(since(model.used_at, clock.now))}</span> ago
      </span>
      <button class="small" aria-label=${`Unload ${model.model}`} onClick=${() => unload(model)}>Unload</button>
    </li>`;
}
