/**
 * Controls whose text represents another type: numbers, lists, JSON. The typed text is kept as long as it represents
 * the value. Text that cannot be parsed becomes the value itself, so that validation reports what is wrong.
 */
import { html, ref, watch } from "../../lib/html.js";
import { CONTROL } from "./control.js";
import { placeholderOf, same } from "./schema.js";

/** @param {(text: string) => any} read @param {(value: any) => string} write @param show (props, text, type) => vnode */
function typed(read, write, show) {
  return {
    props: CONTROL,
    setup(props) {
      const text = ref(write(props.value));
      watch(() => props.value, (value) => {
        if (!same(read(text.value), value)) text.value = write(value);
      });
      const type = (event) => {
        text.value = event.target.value;
        props.set(read(text.value));
      };
      return () => show(props, text.value, type);
    },
  };
}

function readNumber(text) {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

const plain = (value) => (value === undefined || value === null ? "" : String(value));
const written = (value) => (value === undefined ? "" : JSON.stringify(value, null, 2));

function readJson(text) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Return a parser that splits text into a list; empty text gives undefined. */
function listed(separator, read) {
  return (text) => {
    const parts = text.split(separator).map((part) => part.trim()).filter(Boolean);
    return parts.length ? parts.map(read) : undefined;
  };
}

export const NumberControl = typed((text) => (text.trim() ? readNumber(text.trim()) : undefined), plain, (props, text, type) => {
  const { id, field, value, set, spoken, title } = props;
  const none = value === null;
  const offered = field.nullable && field.default !== null;
  return html`
    <div class="joined">
      <input id=${id} type="text" inputmode="decimal" autocomplete="off" ...${spoken} value=${text} disabled=${none}
             placeholder=${none ? "None" : placeholderOf(field)} onInput=${type} />
      ${offered && html`
        <button type="button" aria-pressed=${none} aria-label=${`${title}: none`} onClick=${() => set(none ? undefined : null)}>None</button>`}
    </div>`;
});

const joined = (separator) => (value) => (Array.isArray(value) ? value.join(separator) : plain(value));

export const NumbersControl = typed(listed(/[\s,;]+/, readNumber), joined(", "), ({ id, field, spoken }, text, type) => html`
  <input id=${id} type="text" inputmode="decimal" autocomplete="off" ...${spoken} value=${text}
         placeholder=${placeholderOf(field) || "Numbers, separated by commas"} onInput=${type} />`);

export const LinesControl = typed(listed("\n", (line) => line), joined("\n"), ({ id, field, spoken }, text, type) => html`
  <textarea id=${id} class="growing" rows="2" ...${spoken} value=${text} placeholder=${placeholderOf(field) || "One per line"} onInput=${type}></textarea>`);

export const JsonControl = typed(readJson, written, ({ id, field, spoken }, text, type) => html`
  <textarea id=${id} class="growing code" rows="2" spellcheck="false" ...${spoken} value=${text}
            placeholder=${field.default === undefined ? "JSON" : JSON.stringify(field.default)} onInput=${type}></textarea>`);
