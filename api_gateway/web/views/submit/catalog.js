/** Tasks in the gateway's catalog: lookup, search and classification. */
import { catalog as asked } from "../../lib/catalog.js";
import { shallowRef } from "../../lib/html.js";
import { fieldsOf, kindOf, labelOf } from "../../components/schema-form/schema.js";

const LAST = "baton.submit.task";
const TRANSCRIPT = "transcript_path";

export const catalog = shallowRef([]);

export async function loadCatalog() {
  catalog.value = [...(await asked()).values()];
}

export function find(name) {
  return catalog.value.find(({ task_name }) => task_name === name);
}

/** Return the initial task: the last one chosen in this browser, else the first that transcribes media. */
export function firstChoice() {
  return find(localStorage.getItem(LAST)) ?? catalog.value.find(showsText) ?? catalog.value[0];
}

export function rememberChoice(name) {
  localStorage.setItem(LAST, name);
}

/** Return whether the task produces a transcript and takes none, so that its text can be followed while it runs. */
export function showsText(entry) {
  return TRANSCRIPT in (entry.output_schema.properties ?? {}) && !(TRANSCRIPT in (entry.input_schema.properties ?? {}));
}

/**
 * Return the field that dropped files go to: {name, many, field}, or null if the task takes no file. If `many` is
 * false, the task takes one file, so several files become several tasks.
 */
export function mainField(entry) {
  const fields = fieldsOf(entry.input_schema, entry.input_schema);
  const kinds = fields.map((one) => ({ ...one, kind: kindOf(one.field, entry.input_schema) }));
  const found = kinds.find(({ kind, required }) => required && kind === "media") ?? kinds.find(({ kind }) => kind === "media-list");
  return found ? { name: found.name, many: found.kind === "media-list", field: found.field } : null;
}

/** @returns "Transcribe audio" for dual_stream.transcribe_audio */
export function titleOf(entry) {
  return labelOf(entry.task_name.slice(entry.task_name.indexOf(".") + 1));
}

/** Return the tasks whose name or summary contains every word of a search, by service: [[service, entries]]. */
export function grouped(search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ task_name, summary }) => words.every((word) => `${task_name} ${task_name.replaceAll("_", " ")} ${summary}`.toLowerCase().includes(word));
  const groups = new Map();
  for (const entry of catalog.value.filter(fits)) groups.set(entry.queue, [...(groups.get(entry.queue) ?? []), entry]);
  return [...groups];
}
