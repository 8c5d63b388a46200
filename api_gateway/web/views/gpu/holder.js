/** Current holder of a device: time held against its limits, and manual release. */
import { html } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { clockTime, duration, since } from "../../lib/format.js";
import { to } from "../../lib/router.js";
import { clock } from "../../lib/system.js";
import { confirm } from "../../components/confirm.js";
import { toast } from "../../components/toasts.js";
import { hueOf } from "./hues.js";
import { LimitGauge } from "./limit-gauge.js";
import { processOf, serviceOf } from "./names.js";

const RELEASE = {
  title: "Release the card held by this task?",
  text:
    "The next task in line gets the card immediately. This attempt fails at its next step; until then its process " +
    "keeps its device memory. To stop the task cleanly, cancel it instead.",
  yes: "Release the card",
  danger: true,
  reason: "Reason (kept in the history)",
};

/** Release exactly the lease that was shown when the button was pressed; `fence` identifies it. */
async function release(lock, { fence }) {
  const reason = await confirm(RELEASE);
  if (!reason) return;
  try {
    await api.post(`/v1/monitoring/locks/${encodeURIComponent(lock.id)}/release`, { fence, reason });
    toast("The card was released.");
  } catch (error) {
    toast(error.message, error.code === "lock_changed_hands" ? "warn" : "bad");
  }
}

export const Holder = ({ lock, taskName, limits }) => {
  const { holder } = lock;
  if (!holder) return html`<div class="holder free"><strong>Free</strong><p class="muted">The next task that asks for the card gets it immediately.</p></div>`;
  const held = since(holder.since, clock.now);
  return html`
    <div class="holder stack">
      <div class="row spread">
        <div>
          <p class=${`task ${hueOf(holder.task_id)}`}><a href=${to("tasks", holder.task_id)}>${holder.task_id}</a></p>
          <p class="hint">${taskName ?? serviceOf(holder.worker)}</p>
        </div>
        <p class="held number"><strong>${duration(held)}</strong><span class="hint">held</span></p>
      </div>
      ${!holder.connected && html`<p class="notice warn">Its process has no open connection. It is probably dead, and the card will soon be free.</p>`}
      ${limits && html`<${LimitGauge} held=${held} limits=${limits} />`}
      <dl class="facts">
        <dt>Since</dt><dd class="number">${clockTime(holder.since)}, after ${duration(holder.waited)} in line</dd>
        <dt>Process</dt><dd class="number">${serviceOf(holder.worker)}, pid ${processOf(holder.worker)}, priority ${holder.priority}</dd>
        <dt>Fence</dt><dd class="number"><code>${holder.fence}</code></dd>
      </dl>
      <button class="danger small release" onClick=${() => release(lock, holder)}>Release by hand…</button>
    </div>`;
};
Holder.props = ["lock", "taskName", "limits"];
