/**
 * Form generated from a JSON Schema: required fields first, the others under "More settings".
 *
 * All fields of a form share `form`: `{root, say}`. `root` is the schema that references point into; `say(path, deep)`
 * returns the error of the field at this path (or, if `deep`, of a part of it). A field's value is undefined until the
 * user enters one: the gateway applies the defaults.
 */
import { html } from "../../lib/html.js";
import { Field } from "./field.js";
import { fieldsOf, under } from "./schema.js";

/** Return a copy of the object with this value, or without it if the value is undefined. */
export function withValue(object, name, value) {
  const { [name]: _, ...rest } = object ?? {};
  return value === undefined ? rest : { ...object, [name]: value };
}

export const Fields = ({ form, fields, path, value, set }) => html`
  <div class="fields">
    ${fields.map(({ name, required, field }) => html`
      <${Field} key=${name} ...${{ form, name, required, field, path: under(path, name) }} value=${value?.[name]}
                set=${(next) => set(withValue(value, name, next))} />`)}
  </div>`;
Fields.props = ["form", "fields", "path", "value", "set"];

export const SchemaForm = ({ form, schema, path, value, set, without = [] }) => {
  const shown = fieldsOf(schema, form.root).filter(({ name }) => !without.includes(name));
  const needed = shown.filter(({ required }) => required);
  const more = shown.filter(({ required }) => !required);
  const changed = more.filter(({ name }) => value?.[name] !== undefined).length;
  return html`
    ${needed.length > 0 && html`<${Fields} ...${{ form, path, value, set, fields: needed }} />`}
    ${more.length > 0 && html`
      <details class="more" open=${needed.length === 0 && more.length <= 2 || undefined}>
        <summary>More settings <span class="hint">${changed ? `${changed} of ${more.length} changed` : `${more.length}, none changed`}</span></summary>
        <${Fields} ...${{ form, path, value, set, fields: more }} />
      </details>`}`;
};
SchemaForm.props = ["form", "schema", "path", "value", "set", "without"];
