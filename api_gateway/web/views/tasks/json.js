/** JSON viewer: indented, coloured, and cut off after `MOST_CHARACTERS`. */
import { html, ref } from "../../lib/html.js";
import { bytes } from "../../lib/format.js";
import { CopyButton } from "../../components/copy-button.js";

const MOST_CHARACTERS = 6_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @returns {Array<string | object>} the text, split into plain strings and coloured spans */
function coloured(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const look = found[2] ? "name" : found[1] ? "text" : "value";
    parts.push(text.slice(end, found.index), html`<span class=${`json-${look}`}>${found[1] ?? found[0]}</span>`);
    end = found.index + (found[1] ?? found[0]).length;
  }
  return [...parts, text.slice(end)];
}

export const Json = {
  props: ["value", "label"],
  setup(props) {
    const whole = ref(false);
    return () => {
      const text = JSON.stringify(props.value, null, 2);
      const cut = !whole.value && text.length > MOST_CHARACTERS;
      return html`
        <div class="task-json">
          <${CopyButton} text=${text} label=${`Copy ${props.label}`} />
          <pre tabindex="0" aria-label=${props.label}>${coloured(cut ? `${text.slice(0, MOST_CHARACTERS)}…` : text)}</pre>
          ${cut && html`<button class="small" onClick=${() => (whole.value = true)}>Show all ${bytes(text.length)}</button>`}
        </div>`;
    };
  },
};
