/** Accessors for the current attempt in a task's record. */
import { since } from "../../lib/format.js";
import { system } from "../../lib/system.js";

const LONGEST_WORD = 60;

export function stageOf(task) {
  return task.stages[task.task_name];
}

/** Return the progress of a running task: from the latest snapshot, else from its record. */
export function progressOf(task) {
  return system.snapshot?.running.find((one) => one.task_id === task.task_id)?.progress ?? stageOf(task).progress;
}

/** @returns {number | null} seconds that the attempt took, or has been running for */
export function tookOf(task, now) {
  const { duration, started_at } = stageOf(task);
  return task.status === "RUNNING" && started_at ? since(started_at, now) : duration;
}

/** @returns {{lock: string, position: number} | null} the task's position in the queue for a GPU */
export function lineOf(task) {
  for (const { id, waiters } of system.snapshot?.locks ?? []) {
    const waiter = waiters.find((one) => one.task_id === task.task_id);
    if (waiter) return { lock: id, position: waiter.position };
  }
  return null;
}

/** Return every file in an output, at any depth: {path, url, size} and `name`, its key path in the output. */
export function artifactsOf(output, name = "") {
  if (output === null || typeof output !== "object") return [];
  if (typeof output.path === "string" && typeof output.url === "string") return [{ ...output, name }];
  const below = (key) => (Array.isArray(output) ? `${name}[${key}]` : name ? `${name}.${key}` : key);
  return Object.entries(output).flatMap(([key, value]) => artifactsOf(value, below(key)));
}

/** Return the [name, value] pairs of an output that are numbers, booleans or short strings. */
export function shortOf(output) {
  return Object.entries(output).filter(([, value]) => ["number", "boolean"].includes(typeof value) || isWord(value));
}

function isWord(value) {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_WORD;
}
