/** Readiness of this gateway: the checks it runs on itself. */
import { html, onMounted, shallowRef, watch } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { system } from "../../lib/system.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { Icon } from "../../components/icon.js";

const NAMES = { redis: "Redis answers", share: "The shared folder is writable", loops: "Its background loops are running" };

export const Readiness = {
  setup() {
    const checks = shallowRef(null);
    const error = shallowRef(null);

    async function look() {
      try {
        checks.value = (await api.get("/health/ready")).checks;
        error.value = null;
      } catch (failure) {
        checks.value = failure.problem?.checks ?? null; // a 503 response lists them too
        error.value = checks.value ? null : failure;
      }
    }

    onMounted(look);
    watch(() => system.state, (state) => state === "live" && look());
    watch(() => system.snapshot?.health.verdict, look);

    return () => html`
      <section class="card stack" aria-label="Gateway">
        <header class="row spread"><h2>Gateway</h2><button class="small" onClick=${look}><${Icon} name="retry" />Check again</button></header>
        <${ErrorNotice} error=${error.value} />
        ${checks.value && html`<ul class="checks">${Object.entries(checks.value).map(check)}</ul>`}
      </section>`;
  },
};

function check([name, told]) {
  const fine = told === "ok";
  return html`
    <li key=${name} class=${fine ? "ok" : "bad"}>
      <${Icon} name=${fine ? "check" : "close"} /><span>${NAMES[name] ?? name}${!fine && html`<p class="hint">${told}</p>`}</span>
      <span class="visually-hidden">${fine ? "ok" : "failed"}</span>
    </li>`;
}
