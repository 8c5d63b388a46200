/** Durations of an attempt's phases, as one stacked bar. */
import { html } from "../../lib/html.js";
import { duration } from "../../lib/format.js";

const PARTS = { queued: "In the queue", fetch: "Fetching", gpu_wait: "Waiting for the GPU", model_load: "Loading the model", run: "Running" };

export const Timings = ({ timings }) => {
  const parts = Object.keys(PARTS).filter((name) => timings[name] !== null && timings[name] !== undefined);
  const whole = parts.reduce((sum, name) => sum + timings[name], 0);
  return parts.length > 1 && html`
    <section class="card" aria-label="Where the time went">
      <h2>Where the time went</h2>
      <div class="task-timings" aria-hidden="true">
        ${parts.map((name) => html`<span key=${name} class=${name} style=${{ flexGrow: whole ? timings[name] / whole : 1 }}></span>`)}
      </div>
      <dl class="task-legend">
        ${parts.map((name) => html`<div key=${name} class=${name}><dt>${PARTS[name]}</dt><dd class="number">${duration(timings[name])}</dd></div>`)}
      </dl>
    </section>`;
};
Timings.props = ["timings"];
