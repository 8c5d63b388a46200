/** Settings of the task, as a form or as the JSON that is sent to the gateway. Both edit the same values. */
import { html, ref, watch } from "../../lib/html.js";
import { fieldId } from "../../components/schema-form/field.js";
import { same } from "../../components/schema-form/schema.js";
import { SchemaForm } from "../../components/schema-form/schema-form.js";
import { uploadOf } from "../../lib/uploads.js";
import { draft, entry, main, requests, setValues, sources, values } from "./draft.js";
import { mapTexts } from "./sending.js";

const WHOLE = "input_data"; // errors that concern several fields together are shown here

/** Return the input for the JSON editor; with several files, only what their requests share. */
function whole() {
  const input = requests.value.length > 1 ? values.value : requests.value[0].body.input_data;
  return mapTexts(input, (text) => uploadOf(text)?.media || text);
}

/** Split an edited input into the files of the main field and the other values, and store both. */
function take(input) {
  const { name, many } = main.value ?? {};
  if (name && requests.value.length < 2) {
    const { [name]: file, ...rest } = input;
    const files = many && Array.isArray(file) ? file : file === undefined ? [] : [file];
    const fit = files.every((one) => typeof one === "string" && one);
    if (!same(files, sources.value.map((one) => uploadOf(one)?.media || one))) putSources(fit ? files : []);
    return setValues(fit ? rest : input);
  }
  return setValues(input);
}

/** Store the files; a single reference goes into the text field for references. */
function putSources(files) {
  const alone = files.length === 1 && !uploadOf(files[0]);
  Object.assign(draft, alone ? { typed: files[0], sources: [] } : { typed: "", sources: files });
}

function read(text) {
  try {
    const input = JSON.parse(text);
    if (input === null || typeof input !== "object" || Array.isArray(input)) return { error: "The input must be an object: { … }" };
    return { input };
  } catch (error) {
    return { error: `This is not valid JSON: ${error.message}` };
  }
}

const written = (value) => JSON.stringify(value, null, 2);

const RawInput = {
  setup() {
    const text = ref(written(whole()));
    watch(whole, (value) => {
      if (!same(read(text.value).input, value)) text.value = written(value);
    });
    function type(event) {
      text.value = event.target.value;
      const { input, error } = read(text.value);
      draft.unread = error ?? "";
      if (input) take(input);
    }
    return () => html`
      <div class="field wide">
        <label for="raw-input">Input as JSON</label>
        <textarea id="raw-input" class="growing code" rows="12" spellcheck="false" value=${text.value} onInput=${type}
                  aria-invalid=${draft.unread ? "true" : undefined} aria-describedby="raw-hint raw-error"></textarea>
        <p class="field-error" id="raw-error" role="alert">${draft.unread}</p>
        <p class="hint" id="raw-hint">${requests.value.length > 1
          ? html`Shared by all tasks. <code>${main.value.name}</code> is the file of each task.`
          : "The form has the same values. Omitted fields take the gateway's defaults."}</p>
      </div>`;
  },
};

const way = (raw, name) => html`
  <button type="button" aria-pressed=${draft.raw === raw} disabled=${Boolean(draft.unread) && !raw} onClick=${() => (draft.raw = raw)}>${name}</button>`;

export const SettingsCard = ({ form }) => {
  const schema = entry.value.input_schema;
  const without = main.value ? [main.value.name] : [];
  const bare = Object.keys(schema.properties ?? {}).length <= without.length;
  const message = form.say(WHOLE);
  return html`
    <section class="card settings-card" aria-labelledby="settings-title" id=${fieldId(WHOLE)} tabindex="-1">
      <header class="row spread">
        <h2 id="settings-title">Settings</h2>
        <div class="ways" role="group" aria-label="Enter the settings as">${way(false, "Form")}${way(true, "JSON")}</div>
      </header>
      ${message && html`<p class="field-error">${message}</p>`}
      ${draft.raw && html`<${RawInput} key=${draft.task} />`}
      ${!draft.raw && bare && html`<p class="muted">This task has no other settings.</p>`}
      ${!draft.raw && !bare && html`
        <${SchemaForm} key=${draft.task} ...${{ form, schema, without, path: WHOLE, value: values.value, set: setValues }} />`}
    </section>`;
};
SettingsCard.props = ["form"];
