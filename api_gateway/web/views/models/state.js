/** State of a model, derived from the list, the event stream and its latest download task. */
import { isFinal } from "../../lib/status.js";

const BADGES = {
  present: ["Present", "ok"],
  downloading: ["Downloading", "info running"],
  waiting: ["Waiting", ""],
  damaged: ["Damaged", "bad"],
  missing: ["Not present", "quiet"],
};

/** @param {object} model a `ModelView`  @param {object} [task] the context of its latest download task */
export function stateOf(model, task) {
  const ours = task !== undefined && model.download?.task_id === task.task_id;
  if (model.status === "downloading" && ours && isFinal(task.status)) return "missing"; // killed before it could report
  return model.status === "missing" && ["PENDING", "RUNNING"].includes(task?.status) ? "waiting" : model.status;
}

/** Return the text and the style of a state's badge. */
export function badgeOf(state) {
  return BADGES[state];
}

/** Return why the last download of a missing model failed; null while another download is pending. */
export function failureOf(model, state, news, task) {
  if (state !== "missing") return null;
  return news ?? (task?.status === "FAILED" ? task.error : null);
}

export const FILTERS = [["", "All"], ["here", "Present"], ["loaded", "Loaded"], ["missing", "Not present"]];

const FITS = {
  "": () => true,
  here: (model) => model.status === "present",
  loaded: (model) => model.loaded.length > 0,
  missing: (model) => model.status !== "present",
};

/** Return the models that match the filters: the id or repository must contain every one of the `words`. */
export function chosen(models, { words, engine, state }) {
  const sought = words.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    const text = `${model.id} ${model.repository ?? ""}`.toLowerCase();
    return FITS[state](model) && (!engine || model.engine === engine) && sought.every((word) => text.includes(word));
  });
}
