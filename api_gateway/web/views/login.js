/** Sign-in page: asks for an API key if the gateway requires one. */
import { ref, html } from "../lib/html.js";
import { api } from "../lib/api.js";
import { session, signIn } from "../lib/session.js";
import { ErrorNotice } from "../components/error-notice.js";

const REFUSED = { message: "The gateway does not know this key. Check it, or create one with `baton key` and add its hash to auth.api_keys." };

export const Login = {
  setup() {
    const key = ref("");
    const error = ref(session.refused ? REFUSED : null);
    const busy = ref(false);

    async function enter(event) {
      event.preventDefault();
      busy.value = true;
      session.key = key.value.trim();
      try {
        await api.get("/v1/catalog");
        signIn(session.key);
      } catch (failure) {
        session.key = "";
        error.value = failure.status === 401 ? REFUSED : failure;
      } finally {
        busy.value = false;
      }
    }

    return () => html`
      <main class="login">
        <form class="card stack" onSubmit=${enter}>
          <div class="row"><img src="/web/icon.svg" alt="" width="36" height="36" /><h1>Baton</h1></div>
          <p class="muted">This gateway requires an API key. The key stays in this tab and is deleted when you close it.</p>
          <${ErrorNotice} error=${error.value} />
          <label>API key
            <input type="password" required autofocus autocomplete="current-password" spellcheck="false"
                   value=${key.value} onInput=${(event) => (key.value = event.target.value)} />
          </label>
          <button class="primary" disabled=${busy.value}>${busy.value ? "Checking…" : "Sign in"}</button>
        </form>
      </main>`;
  },
};
