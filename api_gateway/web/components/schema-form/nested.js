/** Controls for nested objects and lists of objects. */
import { html } from "../../lib/html.js";
import { CONTROL } from "./control.js";
import { Icon } from "../icon.js";
import { Hint } from "./hint.js";
import { Fields } from "./schema-form.js";
import { fieldsOf, firstValue, hintOf, under, unfold } from "./schema.js";

/** Nested object: always shown if required, behind a checkbox if nullable, otherwise collapsed. */
export const GroupControl = ({ id, form, field, path, value, set, required, title }) => {
  const fields = fieldsOf(field, form.root);
  const inside = (keep) => html`
    <${Fields} ...${{ form, fields, path, value }} set=${(next) => set(keep || Object.keys(next).length ? next : undefined)} />`;
  const hint = html`<${Hint} text=${hintOf(field)} />`;
  if (required) return html`<fieldset class="field wide group" id=${id} tabindex="-1"><legend class="label">${title}</legend>${hint}${inside(true)}</fieldset>`;
  if (field.nullable) return switched({ id, title, hint, value, set, fresh: () => firstValue(field, form.root), inside });
  const changed = Object.keys(value ?? {}).length;
  return html`
    <details class="field wide group" id=${id}>
      <summary><span class="label">${title}</span> <span class="hint">${changed ? `${changed} of ${fields.length} changed` : `${fields.length} settings`}</span></summary>
      ${hint}${inside(false)}
    </details>`;
};
GroupControl.props = CONTROL;

const switched = ({ id, title, hint, value, set, fresh, inside }) => html`
  <div class="field wide group">
    <label class="check">
      <input id=${id} type="checkbox" checked=${Boolean(value)} onChange=${(event) => set(event.target.checked ? fresh() : undefined)} />
      <span>${title}</span>
    </label>
    ${hint}${value && inside(true)}
  </div>`;

export const ListControl = ({ form, field, path, value = [], set, title }) => {
  const item = unfold(field.items, form.root);
  const fields = fieldsOf(item, form.root);
  const put = (next) => set(next.length ? next : undefined);
  const change = (index, one) => put(value.map((each, at) => (at === index ? one : each)));
  return html`
    <ol class="entries">
      ${value.map((one, index) => html`
        <li key=${index} class="entry" aria-label=${`${title} ${index + 1}`}>
          <${Fields} ...${{ form, fields, path: under(path, index), value: one }} set=${(next) => change(index, next)} />
          <button type="button" class="plain icon" aria-label=${`Remove ${title} ${index + 1}`}
                  onClick=${() => put(value.filter((_, at) => at !== index))}><${Icon} name="trash" /></button>
        </li>`)}
    </ol>
    <button type="button" class="small" disabled=${value.length >= field.maxItems}
            onClick=${() => put([...value, firstValue(item, form.root)])}>Add ${value.length ? "another" : "one"}</button>`;
};
ListControl.props = CONTROL;
