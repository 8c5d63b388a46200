/** Callback deliveries of a task: each attempt, with a button to send it again. */
import { html, watch } from "../../lib/html.js";
import { clockTime, duration } from "../../lib/format.js";
import { isFinal } from "../../lib/status.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { useLedger } from "./ledger.js";

export const Deliveries = {
  props: ["task"],
  setup(props) {
    const ledger = useLedger(props.task.task_id);
    watch(() => props.task.status, async (status, before) => {
      await ledger.read();
      if (before || (isFinal(status) && !ledger.tries?.length)) ledger.expect();
    }, { immediate: true });
    const again = (delivery) => attempt(() => ledger.replay(delivery), "The callback is sent again.");

    return () => html`
      <section class="card" aria-label="Callbacks">
        <h2>Callbacks</h2>
        <p class="small muted task-target"><code>${props.task.input_params.callback.url}</code></p>
        <${ErrorNotice} error=${ledger.error} />
        ${ledger.tries?.length === 0 && html`
          <p class="muted">${isFinal(props.task.status) ? "Nothing has been sent yet." : "Sent when the task ends."}</p>`}
        ${ledger.tries?.length > 0 && html`<ol class="task-tries" reversed>${ledger.tries.map((one) => entry(one, again))}</ol>`}
      </section>`;
  },
};

function entry(one, again) {
  const accepted = one.status_code >= 200 && one.status_code < 300;
  return html`
    <li key=${one.n}>
      <span class=${`badge ${accepted ? "ok" : "bad"}`}>${one.status_code ?? "No answer"}</span>
      <div class="task-named">
        <span>${one.type}</span>
        <span class="small muted number">try ${one.n} · ${clockTime(one.at)} · ${duration(one.duration)}</span>
        ${!accepted && (one.error || one.answer) && html`<span class="small task-wrong">${one.error || one.answer}</span>`}
        ${one.next_try_at && html`<span class="small muted">The next try is at ${clockTime(one.next_try_at)}.</span>`}
      </div>
      <button class="small" aria-label=${`Send again: try ${one.n}`} onClick=${() => again(one)}><${Icon} name="retry" />Send again</button>
    </li>`;
}
