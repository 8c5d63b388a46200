/** Files submitted from this page, kept so that the Live view can play them without a download. */
const MOST = 100; // a File refers to the data on disk; it holds no copy
const files = new Map();

/** Keep the file that a task was created from while the page is open. */
export function remember(taskId, file) {
  files.delete(taskId);
  files.set(taskId, file);
  if (files.size > MOST) files.delete(files.keys().next().value);
}

/** @returns {File | undefined} the file submitted from this page for this task */
export function recall(taskId) {
  return files.get(taskId);
}
