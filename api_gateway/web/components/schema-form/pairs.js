/** Control for an object with free keys and text values. */
import { html, ref, watch } from "../../lib/html.js";
import { CONTROL } from "./control.js";
import { Icon } from "../icon.js";
import { same } from "./schema.js";

const objectOf = (rows) => {
  const named = rows.filter(([name]) => name);
  return named.length ? Object.fromEntries(named) : undefined;
};

export const PairsControl = {
  props: CONTROL,
  setup(props) {
    const rows = ref(Object.entries(props.value ?? {}));
    watch(() => props.value, (value) => {
      if (!same(objectOf(rows.value), value)) rows.value = Object.entries(value ?? {});
    });
    const put = (next) => {
      rows.value = next;
      props.set(objectOf(next));
    };
    const change = (index, part, text) =>
      put(rows.value.map((row, at) => (at === index ? row.with(part, text) : row)));
    const twice = (name, index) => name && rows.value.findIndex(([other]) => other === name) < index;
    const cell = (row, index, part, said) => html`
      <input type="text" spellcheck="false" autocomplete="off" aria-label=${`${props.title} ${index + 1}: ${said}`} placeholder=${said}
             aria-invalid=${part === 0 && twice(row[0], index) ? "true" : undefined} value=${row[part]}
             onInput=${(event) => change(index, part, event.target.value)} />`;
    return () => html`
      ${rows.value.map((row, index) => html`
        <div key=${index} class="pair">
          ${cell(row, index, 0, "Name")}${cell(row, index, 1, "Value")}
          <button type="button" class="plain icon" aria-label=${`Remove ${props.title} ${index + 1}`}
                  onClick=${() => put(rows.value.filter((_, at) => at !== index))}><${Icon} name="trash" /></button>
          ${twice(row[0], index) && html`<p class="field-error">${`“${row[0]}” is already listed above; this value replaces it.`}</p>`}
        </div>`)}
      <button type="button" class="small" onClick=${() => put([...rows.value, ["", ""]])}>Add ${rows.value.length ? "another" : "one"}</button>`;
  },
};
