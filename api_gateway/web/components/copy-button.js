/** Button that copies text. Over plain HTTP the Clipboard API is unavailable, so it falls back to `execCommand`. */
import { html, ref } from "../lib/html.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 2_000;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export const CopyButton = {
  props: ["text", "label"],
  setup(props, { slots }) {
    const done = ref(false);
    async function press() {
      await copy(props.text);
      done.value = true;
      setTimeout(() => (done.value = false), SHOWN_MS);
    }
    return () => html`
      <button type="button" class="small" aria-label=${props.label} onClick=${press}>
        <${Icon} name=${done.value ? "check" : "copy"} /><span aria-live="polite">${done.value ? "Copied" : slots.default?.() ?? "Copy"}</span>
      </button>`;
  },
};
