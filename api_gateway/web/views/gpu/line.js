/** Queue of a device, the next task first. */
import { html } from "../../lib/html.js";
import { duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { hueOf } from "./hues.js";
import { serviceOf } from "./names.js";

const SHOWN = 8;

export const Line = ({ waiters }) => {
  if (waiters.length === 0) return html`<p class="muted">No task is waiting.</p>`;
  const more = waiters.length - SHOWN;
  return html`
    <ol class="line">
      ${waiters.slice(0, SHOWN).map((one) => html`
        <li key=${one.task_id}>
          <span class="place number">${one.position + 1}</span>
          <span class="who">
            <span class=${`task ${hueOf(one.task_id)}`}><a href=${to("tasks", one.task_id)}>${one.task_id}</a></span>
            <span class="hint">${serviceOf(one.worker)}, priority <span class="number">${one.priority}</span></span>
          </span>
          <span class="number">${duration(since(one.since, clock.now))}</span>
        </li>`)}
    </ol>
    ${more > 0 && html`<p class="hint">and ${more} more</p>`}`;
};
Line.props = ["waiters"];
