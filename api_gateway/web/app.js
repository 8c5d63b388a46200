/** Root component of the dashboard: sign-in and view switching. */
import { createApp, html, shallowRef, watch } from "./lib/html.js";
import { api } from "./lib/api.js";
import { route } from "./lib/router.js";
import { session, signIn } from "./lib/session.js";
import { startSystem, stopSystem } from "./lib/system.js";
import { ConfirmDialog } from "./components/confirm.js";
import { ErrorNotice } from "./components/error-notice.js";
import { EmptyState } from "./components/empty-state.js";
import { Frame } from "./components/frame.js";
import { Toasts } from "./components/toasts.js";
import { Login } from "./views/login.js";

const VIEWS = {
  submit: ["Submit", () => import("./views/submit.js")],
  live: ["Live", () => import("./views/live.js")],
  tasks: ["Tasks", () => import("./views/tasks.js")],
  gpu: ["GPU", () => import("./views/gpu.js")],
  models: ["Models", () => import("./views/models.js")],
  workers: ["Workers", () => import("./views/workers.js")],
};
const RETRY_MS = 1_000;

const shown = shallowRef(null);
const failure = shallowRef(null);

async function show(name) {
  failure.value = null;
  const [title, load] = VIEWS[name] ?? ["Not found", null];
  document.title = `${title} · Baton`;
  try {
    const view = load ? (await load()).default : Nowhere;
    if (route.view === name) shown.value = { name, view };
  } catch (error) {
    failure.value = { message: `This view could not be loaded: ${error.message}. Reload the page.` };
  }
}

/** Open the session with this tab's key, or without one. A 401 asks for a key; any other error is retried. */
async function enter() {
  try {
    await api.get("/v1/catalog");
    signIn(session.key);
  } catch (error) {
    if (error.status === 401) return Object.assign(session, { asked: true, refused: session.key !== "" });
    failure.value = error;
    setTimeout(enter, RETRY_MS);
  }
}

const Nowhere = () => html`<${EmptyState} icon="search" title="There is no such view"><a href="#/submit">Submit a task</a><//>`;

const App = () => {
  if (!session.open && session.asked) return html`<${Login} /><${Toasts} />`;
  if (!session.open) return failure.value ? html`<main><${ErrorNotice} error=${failure.value} /></main>` : html`<p class="boot">Loading…</p>`;
  return html`
    <${Frame}>
      <${ErrorNotice} error=${failure.value} />
      ${shown.value && html`<${shown.value.view} key=${shown.value.name} />`}
    <//>
    <${ConfirmDialog} /><${Toasts} />`;
};

watch(() => route.view, show, { immediate: true });
watch(() => session.open, (open) => {
  if (!open) session.asked = true;
  open ? (startSystem(), show(route.view)) : stopSystem();
});

createApp(App).mount("#app");
enter();
