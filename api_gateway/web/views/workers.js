/** Workers view: verdict, workers, running tasks, queues, monitor settings and readiness of the gateway. */
import { html } from "../lib/html.js";
import { system } from "../lib/system.js";
import { Fleet } from "./workers/fleet.js";
import { Queues } from "./workers/queues.js";
import { Readiness } from "./workers/readiness.js";
import { Running } from "./workers/running.js";
import { Settings } from "./workers/settings.js";
import { Verdict } from "./workers/verdict.js";

function live({ health, workers, queues, running }) {
  return html`
    <${Verdict} health=${health} />
    <section class="stack tight"><h2>Workers</h2><${Fleet} workers=${workers} /></section>
    <section class="stack tight"><h2>Running</h2><${Running} running=${running} /></section>
    <section class="stack tight"><h2>Queues</h2><${Queues} queues=${queues} /></section>`;
}

export default () => html`
  <div class="head"><h1>Workers</h1></div>
  <div class="stack workers">
    ${system.snapshot ? live(system.snapshot) : html`<p class="boot">Loading…</p>`}
    <div class="own"><${Settings} /><${Readiness} /></div>
  </div>`;
