/** Frame around every view: links to the views, system status, theme switch and sign-out. */
import { computed, html, ref } from "../lib/html.js";
import { route, to } from "../lib/router.js";
import { session, signOut } from "../lib/session.js";
import { system } from "../lib/system.js";
import { Icon } from "./icon.js";

const VIEWS = [
  ["submit", "Submit"], ["live", "Live"], ["tasks", "Tasks"], ["gpu", "GPU"], ["models", "Models"], ["workers", "Workers"],
];
const THEME = "baton.theme";
const VERDICTS = { ok: ["live", "Healthy"], degraded: ["warn", "Degraded"], failing: ["bad", "Failing"] };

const theme = ref(localStorage.getItem(THEME) ?? "");
applyTheme();

function applyTheme() {
  document.documentElement.dataset.theme = theme.value;
}

function isDark() {
  return theme.value ? theme.value === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function turnTheme() {
  theme.value = isDark() ? "light" : "dark";
  localStorage.setItem(THEME, theme.value);
  applyTheme();
}

const connection = computed(() => {
  if (system.state !== "live") return ["warn", "Reconnecting…"];
  const verdict = system.snapshot?.health?.verdict;
  return VERDICTS[verdict] ?? ["live", "Live"];
});

const active = computed(() => {
  const { PENDING = 0, RUNNING = 0 } = system.snapshot?.counts ?? {};
  return PENDING + RUNNING;
});

function viewLink([view, title]) {
  const here = route.view === view;
  return html`
    <a key=${view} href=${to(view)} aria-current=${here ? "page" : undefined}>
      <${Icon} name=${view} />${title}
      ${view === "tasks" && active.value > 0 && html`<span class="count number" title="waiting and running">${active.value}</span>`}
    </a>`;
}

export const Frame = (_, { slots }) => {
  const [look, words] = connection.value;
  return html`
    <a class="skip button" href="#main" onClick=${skip}>Skip to the content</a>
    <header class="bar">
      <a class="brand" href=${to("submit")}><img src="/web/icon.svg" alt="" />Baton</a>
      <nav class="views" aria-label="Views">${VIEWS.map(viewLink)}</nav>
      <div class="corner">
        <span role="status"><a class=${`connection ${look}`} href=${to("workers")}>${words}</a></span>
        <button class="plain icon" aria-label=${isDark() ? "Use the light theme" : "Use the dark theme"} onClick=${turnTheme}>
          <${Icon} name=${isDark() ? "sun" : "moon"} />
        </button>
        ${session.key && html`
          <button class="plain icon" aria-label="Sign out" onClick=${() => signOut()}><${Icon} name="leave" /></button>`}
      </div>
    </header>
    <main id="main" tabindex="-1">${slots.default?.()}</main>`;
};

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}
