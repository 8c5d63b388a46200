/** Draft of a request. It is kept while other views are open, until it is sent or the user signs out. */
import { computed, reactive, watch } from "../../lib/html.js";
import { session } from "../../lib/session.js";
import { startUpload, stopAllUploads } from "../../lib/uploads.js";
import { check } from "../../components/schema-form/check.js";
import { firstValue } from "../../components/schema-form/schema.js";
import { find, mainField, rememberChoice } from "./catalog.js";
import { ENVELOPE } from "./envelope.js";

const EMPTY = () => ({ task: "", sources: [], typed: "", values: {}, envelope: {}, raw: false, unread: "", sent: [] });

/**
 * `sources`: the files for the main field, as upload tokens or references; `typed`: one more reference, being typed;
 * `values`: the entered values, by task; `unread`: why the typed JSON cannot be parsed; `sent`: the tasks created from
 * a list of files.
 */
export const draft = reactive(EMPTY());

export const entry = computed(() => find(draft.task));
export const main = computed(() => entry.value && mainField(entry.value));
export const sources = computed(() => [...draft.sources, draft.typed.trim()].filter(Boolean));
export const values = computed(() => draft.values[draft.task] ?? (entry.value ? firstValue(entry.value.input_schema, entry.value.input_schema) : {}));

export function choose(name) {
  draft.task = name;
  rememberChoice(name);
}

export function setValues(next) {
  draft.values[draft.task] = next;
}

export function addFiles(files) {
  draft.sources.push(...files.map(startUpload));
}

/** Requests to send: [{source, body}]; one for each file if the task takes a single file. */
export const requests = computed(() => {
  if (!entry.value) return [];
  const body = (input, source = null) => ({ source, body: { task_name: draft.task, input_data: input, ...draft.envelope } });
  const { name, many } = main.value ?? {};
  const given = sources.value;
  if (!name || given.length === 0) return [body(values.value)];
  if (many) return [body({ [name]: given, ...values.value })];
  return given.map((source) => body({ [name]: source, ...values.value }, source));
});

/** Errors of the requests, by field. The requests differ only in their files, so the first one is checked. */
export const problems = computed(() => {
  if (!entry.value) return [];
  const schema = entry.value.input_schema;
  const several = requests.value.length > 1 && draft.envelope.task_id
    ? [{ field: "task_id", message: "An id identifies one task, but there are several files. Leave it empty." }] : [];
  const { task_name: _, input_data: input, ...envelope } = requests.value[0].body;
  return [...check(input, schema, schema, "input_data"), ...check(envelope, ENVELOPE, ENVELOPE, ""), ...several];
});

watch(() => session.open, (open) => {
  if (open) return;
  stopAllUploads();
  Object.assign(draft, EMPTY());
});
