/** Submission of the draft: errors from its schema and from the gateway, and navigation to their fields. */
import { computed, nextTick, reactive, ref, shallowRef, watch } from "../../lib/html.js";
import { go, route } from "../../lib/router.js";
import { uploadOf } from "../../lib/uploads.js";
import { fieldErrors } from "../../components/error-notice.js";
import { toast } from "../../components/toasts.js";
import { fieldId } from "../../components/schema-form/field.js";
import { showsText } from "./catalog.js";
import { draft, entry, problems, requests, sources } from "./draft.js";
import { sendAll, sending } from "./sending.js";

const CODES = { callback_not_allowed: "callback", task_id_conflict: "task_id" };

/** Return the value at a dotted path of the first request. */
function valueAt(path) {
  return path.split(".").reduce((place, key) => place?.[key], requests.value[0]?.body);
}

/** Return the gateway's field errors: [{field, message, value}]; `value` is the one that was rejected, as JSON. */
function refusals(error) {
  const named = CODES[error.code] ? [{ field: CODES[error.code], message: error.message }] : fieldErrors(error);
  return named.map(({ field, message }) => ({ field, message, value: JSON.stringify(valueAt(field)) }));
}

/** Focus the field of a path, or the nearest field around it, and open the sections that hide it. */
export async function jump(path) {
  await nextTick();
  const parts = path.split(".");
  const ids = parts.map((_, index) => fieldId(parts.slice(0, parts.length - index).join(".")));
  const element = document.getElementById(draft.raw && path.startsWith("input_data") ? "raw-input" : ids.find((id) => document.getElementById(id)));
  for (let around = element?.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  element?.focus();
  element?.scrollIntoView({ block: "center" });
}

/**
 * @returns `form` for the fields; `missing`, the errors after the first attempt: [{field, message}]; `failure`, an
 *   error that belongs to no field; `submit`; `noteChange`, the handler for changed fields
 */
export function useAttempt() {
  const failure = shallowRef(null);
  const attempted = ref(false);
  const touched = reactive(new Set());
  const refused = shallowRef([]);

  const standing = computed(() => refused.value.filter(({ field, value }) => JSON.stringify(valueAt(field)) === value));
  const missing = computed(() => (attempted.value ? [...problems.value, ...standing.value] : []));
  const left = (field) => [...touched].some((id) => `${fieldId(field)}-`.startsWith(`${id}-`));
  const told = computed(() => [...problems.value.filter(({ field }) => attempted.value || left(field)), ...standing.value]);
  const form = computed(() => ({
    root: entry.value?.input_schema,
    say: (path, deep) => told.value.find(({ field }) => field === path || (deep && field.startsWith(`${path}.`)))?.message,
  }));

  watch(() => draft.task, () => {
    attempted.value = false;
    for (const id of [...touched]) if (id.startsWith(fieldId("input_data"))) touched.delete(id);
    failure.value = null;
    refused.value = [];
    draft.unread = "";
  });

  function noteChange(event) {
    const field = event.target.closest("[id^=field-]");
    if (field) touched.add(field.id);
  }

  async function submit(event) {
    event?.preventDefault();
    if (sending.busy) return undefined;
    failure.value = null;
    refused.value = []; // the cause may have been fixed elsewhere, such as a missing file
    attempted.value = true;
    if (draft.unread) return jump("input_data");
    if (missing.value.length) return jump(missing.value[0].field);
    return requests.value.length > 1 ? submitMany() : submitOne();
  }

  async function submitOne() {
    const view = showsText(entry.value) ? "live" : "tasks";
    const used = sources.value;
    let made = null;
    const failed = await sendAll(requests.value, (_, answer) => (made = answer));
    if (!made) return failed.forEach(tell);
    drop(used);
    finish();
    if (route.view !== "submit") return toast(`The task ${made.task_id} was submitted.`);
    return go(view, made.task_id);
  }

  async function submitMany() {
    const view = showsText(entry.value) ? "live" : "tasks";
    const failed = await sendAll(requests.value, ({ source }, { task_id: id, status }) => {
      draft.sent.push({ id, view, name: uploadOf(source)?.file.name ?? source, status });
      drop([source]);
    });
    if (sending.done < sending.total) return failed.slice(0, 1).forEach(tell);
    toast(`${sending.done} tasks were submitted.`);
    return finish();
  }

  /** Remove the sources that have become tasks; those added in the meantime remain. */
  function drop(used) {
    draft.sources = draft.sources.filter((one) => !used.includes(one));
    if (used.includes(draft.typed.trim())) draft.typed = "";
  }

  function finish() {
    delete draft.envelope.task_id;
    attempted.value = false;
    touched.clear();
    refused.value = [];
  }

  function tell(error) {
    if (route.view !== "submit") return void toast(error.message, "bad");
    refused.value = refusals(error);
    if (refused.value.length) jump(refused.value[0].field);
    else failure.value = error;
  }

  return { form, missing, failure, submit, noteChange };
}
