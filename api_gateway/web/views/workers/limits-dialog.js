/** Dialog that changes the time limits of all gateways, without a restart. */
import { computed, html, onMounted, reactive, ref, shallowRef } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { setDuration } from "../../lib/format.js";
import { ErrorNotice } from "../../components/error-notice.js";
import { AS_IN_FILE, asTexts, change, faults, LIMITS } from "./limits.js";

export const LimitsDialog = {
  props: ["config"],
  emits: ["changed", "close"],
  setup(props, { emit }) {
    const dialog = shallowRef(null);
    const error = shallowRef(null);
    const busy = ref(false);
    const texts = reactive(asTexts(props.config));
    const wrong = computed(() => faults(texts));

    async function send(body) {
      busy.value = true;
      error.value = null;
      try {
        emit("changed", await api.patch("/v1/monitoring/config", body));
        emit("close");
      } catch (failure) {
        error.value = failure;
      } finally {
        busy.value = false;
      }
    }

    function save(event) {
      event.preventDefault();
      if (Object.keys(wrong.value).length === 0) send(change(texts));
    }

    const field = ([name, title, text]) => {
      const fault = wrong.value[name];
      const seconds = Number(texts[name]);
      return html`
        <div key=${name} class="limit">
          <label for=${`limit-${name}`}>${title}</label>
          <p class="hint" id=${`limit-${name}-text`}>${text}</p>
          <div class="seconds">
            <input id=${`limit-${name}`} inputmode="decimal" autocomplete="off" value=${texts[name]} onInput=${(event) => (texts[name] = event.target.value)}
                   aria-invalid=${fault ? "true" : undefined} aria-describedby=${`limit-${name}-text limit-${name}-told`} />
            <span class="hint">seconds</span>
            <span id=${`limit-${name}-told`} class=${fault ? "field-error" : "hint number"}>${fault ?? (seconds > 0 ? setDuration(seconds) : "off")}</span>
          </div>
        </div>`;
    };

    onMounted(() => dialog.value.showModal());
    return () => html`
      <dialog class="limits-dialog" ref=${dialog} aria-labelledby="limits-title" onClose=${() => emit("close")}>
        <form class="stack" noValidate onSubmit=${save}>
          <div><h2 id="limits-title">Time limits</h2><p class="hint">They apply to all gateways immediately and persist across restarts. 0 turns a limit off.</p></div>
          ${LIMITS.map(field)}
          <${ErrorNotice} error=${error.value} />
          <div class="row">
            <button type="button" class="plain reset" disabled=${busy.value} onClick=${() => send(AS_IN_FILE)}>Reset to the file's values</button>
            <button type="button" onClick=${() => dialog.value.close()}>Cancel</button>
            <button class="primary" disabled=${busy.value || Object.keys(wrong.value).length > 0}>Save</button>
          </div>
        </form>
      </dialog>`;
  },
};
