/** What a task's record tells of its present attempt. */
import { since } from "../../lib/format.js";
import { system } from "../../lib/system.js";

const LONGEST_WORD = 60;

export function stageOf(task) {
  return task.stages[task.task_name];
}

/** How far a running task is: what the system told last, else what its record had. */
export function progressOf(task) {
  return system.snapshot?.running.find((one) => one.task_id === task.task_id)?.progress ?? stageOf(task).progress;
}

/** @returns {number | null} seconds that the attempt took, or takes already */
export function tookOf(task, now) {
  const { duration, started_at } = stageOf(task);
  return task.status === "RUNNING" && started_at ? since(started_at, now) : duration;
}

/** @returns {{lock: string, position: number} | null} where a task stands in line for a GPU */
export function lineOf(task) {
  for (const { id, waiters } of system.snapshot?.locks ?? []) {
    const waiter = waiters.find((one) => one.task_id === task.task_id);
    if (waiter) return { lock: id, position: waiter.position };
  }
  return null;
}

/** Every file in an output, at any depth: {path, url, size} and `name`, how the output calls it. */
export function artifactsOf(output, name = "") {
  if (output === null || typeof output !== "object") return [];
  if (typeof output.path === "string" && typeof output.url === "string") return [{ ...output, name }];
  const below = (key) => (Array.isArray(output) ? `${name}[${key}]` : name ? `${name}.${key}` : key);
  return Object.entries(output).flatMap(([key, value]) => artifactsOf(value, below(key)));
}

/** The [name, value] of an output that can be told in a word or a figure. */
export function shortOf(output) {
  return Object.entries(output).filter(([, value]) => ["number", "boolean"].includes(typeof value) || isWord(value));
}

function isWord(value) {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_WORD;
}
