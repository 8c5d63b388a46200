/** Controls whose value is what they show: choices, switches, text, colours. */
import { html } from "../../lib/html.js";
import { CONTROL } from "./control.js";
import { choicesOf, placeholderOf, same, unfold } from "./schema.js";

const LANGUAGE = /(^|_)language$/;
const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

/** Select for one option. "" means no value, "null" an explicit null where null is not the default. */
export const ChoiceControl = ({ id, field, name, value, set, required, spoken }) => {
  const options = choicesOf(field).filter((one) => required || !same(one, field.default));
  const at = options.findIndex((one) => same(one, value));
  const chosen = value === null ? "null" : at < 0 ? "" : String(at);
  const choose = (picked) => set(picked === "null" ? null : options[picked]);
  return html`
    <select id=${id} ...${spoken} value=${chosen} onChange=${(event) => choose(event.target.value)}>
      <option value="">${unset(field, name, required)}</option>
      ${inOrder(options, name).map(([index, said]) => html`<option key=${index} value=${index}>${said}</option>`)}
      ${field.nullable && field.default !== null && html`<option value="null">None</option>`}
    </select>`;
};
ChoiceControl.props = CONTROL;

function unset(field, name, required) {
  if (field.default !== undefined && field.default !== null) return `${nameOf(field.default, name)} (default)`;
  return required ? "Choose…" : "Not set";
}

/** Return [index, name] of each option: languages sorted by name, others in schema order. */
function inOrder(options, name) {
  const told = options.map((one, index) => [String(index), nameOf(one, name)]);
  return LANGUAGE.test(name) ? told.sort(([, one], [, other]) => one.localeCompare(other)) : told;
}

function nameOf(value, name) {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  const language = LANGUAGE.test(name) && /^[a-z]{2,3}$/.test(value) && languages.of(value);
  return language ? `${language} (${value})` : String(value);
}

/** Checkboxes for any subset of the options. */
export const ChoicesControl = ({ form, field, value = [], set }) => {
  const all = choicesOf(unfold(field.items, form.root));
  const has = (one) => value.some((each) => same(each, one));
  const turn = (one, wanted) => {
    const next = all.filter((each) => (same(each, one) ? wanted : has(each)));
    set(next.length ? next : undefined);
  };
  return html`
    <div class="boxes">
      ${all.map((one) => html`
        <label key=${String(one)} class="check">
          <input type="checkbox" checked=${has(one)} onChange=${(event) => turn(one, event.target.checked)} /><span>${String(one)}</span>
        </label>`)}
    </div>`;
};
ChoicesControl.props = CONTROL;

export const SwitchControl = ({ id, field, value, set, spoken }) => html`
  <input id=${id} type="checkbox" ...${spoken} checked=${value ?? field.default}
         onChange=${(event) => set(event.target.checked === field.default ? undefined : event.target.checked)} />`;
SwitchControl.props = CONTROL;

export const TextControl = ({ id, field, value, set, spoken }) => {
  const shared = { id, ...spoken, value: value ?? "", placeholder: placeholderOf(field), onInput: (event) => set(event.target.value || undefined) };
  return field.maxLength > 1000
    ? html`<textarea class="growing" rows="1" ...${shared}></textarea>`
    : html`<input type="text" spellcheck="false" autocomplete="off" ...${shared} />`;
};
TextControl.props = CONTROL;

export const ColourControl = ({ id, field, value, set, spoken, title }) => html`
  <div class="joined">
    <input type="color" class="swatch" aria-label=${`${title}: pick`} value=${picked(value ?? field.default)}
           onInput=${(event) => set(event.target.value.toUpperCase())} />
    <${TextControl} ...${{ id, field, value, set, spoken }} />
  </div>`;
ColourControl.props = CONTROL;

function picked(colour) {
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour : "#000000";
}
