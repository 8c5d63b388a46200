/** One device: holder, queue, timeline, loaded models and statistics. */
import { html } from "../../lib/html.js";
import { Figures } from "./figures.js";
import { HistoryTable } from "./history-table.js";
import { Holder } from "./holder.js";
import { Line } from "./line.js";
import { Memory } from "./memory.js";
import { deviceName } from "./names.js";
import { Timeline } from "./timeline.js";

/** `lock` is null for the memory of a host, which has no queue; `memory` is null if the models are unknown. */
export const Device = ({ place, leases, rangeMs, stats, age }) => {
  const { lock, memory } = place;
  return html`
    <section class="card device stack" aria-label=${`${deviceName(place.device)} of ${place.host}`}>
      <header class="row">
        <h2>${deviceName(place.device)}</h2>
        <span class="muted" title=${place.device}>on ${place.host}</span>
        ${lock && html`<span class=${`badge ${lock.holder ? "info running" : "ok"}`}>${lock.holder ? "In use" : "Free"}</span>`}
      </header>
      ${lock && html`
        <div class="now">
          <div><h3>Now</h3><${Holder} lock=${lock} taskName=${age?.task_name} limits=${age?.limits} /></div>
          <div><h3>In line ${lock.waiters.length > 0 && html`<span class="badge number">${lock.waiters.length}</span>`}</h3><${Line} waiters=${lock.waiters} /></div>
        </div>
        <div class="stack tight">
          <h3>Timeline</h3>
          <${Timeline} lock=${lock} leases=${leases} rangeMs=${rangeMs} />
          <${HistoryTable} leases=${leases} rangeMs=${rangeMs} />
        </div>`}
      <div class="below">
        ${memory && html`<div><h3>Loaded models</h3><${Memory} device=${memory} /></div>`}
        ${lock && html`<div><h3>Sharing</h3><${Figures} stats=${stats} /></div>`}
      </div>
    </section>`;
};
Device.props = ["place", "leases", "rangeMs", "stats", "age"];
