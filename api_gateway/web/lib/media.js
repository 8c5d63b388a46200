/** The files that were submitted from this page, so that the Live view can play them without loading them again. */
const MOST = 100; // a File holds no bytes, only where they are
const files = new Map();

/** Keep the file that a task was made of, for as long as the page is open. */
export function remember(taskId, file) {
  files.delete(taskId);
  files.set(taskId, file);
  if (files.size > MOST) files.delete(files.keys().next().value);
}

/** @returns {File | undefined} what was submitted as this task from this page */
export function recall(taskId) {
  return files.get(taskId);
}
