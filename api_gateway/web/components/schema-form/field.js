/** Form field: label, control, hint and error message. */
import { html } from "../../lib/html.js";
import { ChoiceControl, ChoicesControl, ColourControl, SwitchControl, TextControl } from "./controls.js";
import { Hint } from "./hint.js";
import { GroupControl, ListControl } from "./nested.js";
import { JsonControl, NumberControl, NumbersControl, LinesControl } from "./typed.js";
import { MediaControl, MediaListControl } from "./media.js";
import { PairsControl } from "./pairs.js";
import { hintOf, kindOf, labelOf } from "./schema.js";

const CONTROLS = {
  choice: ChoiceControl, switch: SwitchControl, number: NumberControl, line: TextControl, text: TextControl,
  colour: ColourControl, choices: ChoicesControl, numbers: NumbersControl, lines: LinesControl, list: ListControl,
  group: GroupControl, pairs: PairsControl, media: MediaControl, "media-list": MediaListControl, json: JsonControl,
};
const WIDE = new Set(["text", "lines", "list", "group", "pairs", "media", "media-list", "json"]);
const LISTS = new Set(["choices", "numbers", "lines", "list", "media-list"]);
const OBJECTS = new Set(["group", "pairs"]);
/** Kinds whose parts are fields that show their own errors. */
const NESTED = new Set(["group", "list"]);
/** Kinds with several elements: no single one can be the target of a <label>. */
const PARTED = new Set(["choices", "list", "pairs", "media-list"]);

/** Return the id of a field's element, derived from the path of its value. */
export function fieldId(path) {
  return `field-${path.replaceAll(".", "-")}`;
}

export const Field = ({ form, name, required, field, path, value, set, label }) => {
  const kind = fitting(kindOf(field, form.root), value);
  const parts = { kind, id: fieldId(path), title: label ?? labelOf(name), hint: hintOf(field), message: form.say(path, !NESTED.has(kind)) };
  const described = [parts.hint && `${parts.id}-hint`, parts.message && `${parts.id}-error`].filter(Boolean).join(" ");
  const spoken = { "aria-describedby": described || undefined, "aria-invalid": parts.message ? "true" : undefined };
  const control = html`<${CONTROLS[kind]} ...${{ form, field, path, value, set, name, required, spoken, id: parts.id, title: parts.title }} />`;
  return (LAYOUTS[kind] ?? (PARTED.has(kind) ? parted : labelled))(control, parts, required);
};
Field.props = ["form", "name", "required", "field", "path", "value", "set", "label"];

/** Return the kind, or "json" if the value was entered as JSON and the control cannot show it. */
function fitting(kind, value) {
  if (value === undefined || value === null) return kind;
  if (LISTS.has(kind)) return Array.isArray(value) ? kind : "json";
  if (OBJECTS.has(kind)) return typeof value === "object" && !Array.isArray(value) ? kind : "json";
  return typeof value === "object" ? "json" : kind;
}

const LAYOUTS = {
  group: (control) => control,
  switch: (control, parts) => html`
    <div class="field">
      <label class="check">${control}<span>${parts.title}</span></label>
      ${below(parts)}
    </div>`,
};

const labelled = (control, parts, required) => html`
  <div class=${look(parts)}>
    <label for=${parts.id}>${parts.title}${needed(required)}</label>
    ${control}${below(parts)}
  </div>`;

const parted = (control, parts, required) => html`
  <fieldset class=${look(parts)} id=${parts.id} tabindex="-1" aria-describedby=${parts.hint ? `${parts.id}-hint` : undefined}>
    <legend class="label">${parts.title}${needed(required)}</legend>
    ${control}${below(parts)}
  </fieldset>`;

const look = ({ kind }) => `field ${WIDE.has(kind) ? "wide" : ""}`;
const needed = (required) => required && html` <span class="needed">required</span>`;
const below = ({ id, hint, message }) => html`
  <${Hint} id=${`${id}-hint`} text=${hint} />
  ${message && html`<p class="field-error" id=${`${id}-error`}>${message}</p>`}`;
