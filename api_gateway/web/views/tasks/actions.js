/** Actions on a task: cancel, retry, delete. */
import { reactive } from "../../lib/html.js";
import { api } from "../../lib/api.js";
import { confirm } from "../../components/confirm.js";
import { attempt } from "../../components/toasts.js";
import { stageOf } from "./stage.js";

const OPEN = ["PENDING", "RUNNING"];

/** Attempts that this page has asked to stop. */
const stopping = reactive(new Set());

function attemptOf(task) {
  return `${task.task_id} ${stageOf(task).attempt}`;
}

export function isStopping(task) {
  return task.status === "RUNNING" && stopping.has(attemptOf(task));
}

async function cancel(task) {
  const told = await attempt(() => api.post(path(task, "/cancel")));
  if (told) stopping.add(attemptOf(task));
  return told !== undefined;
}

async function retry(task) {
  return (await attempt(() => api.post(path(task, "/retry")), `${task.task_name} was queued again.`)) !== undefined;
}

async function remove(task) {
  const sure = await confirm({
    title: "Delete this task?",
    text: `${task.task_name} ${task.task_id}: its record and its output files are deleted. This cannot be undone.`,
    yes: "Delete",
    danger: true,
  });
  return Boolean(sure) && (await attempt(() => api.del(path(task)), "The task was deleted.")) !== undefined;
}

function path(task, action = "") {
  return `/v1/tasks/${encodeURIComponent(task.task_id)}${action}`;
}

/** `fits` says whether the action applies to a task; `run` resolves to whether it succeeded. */
export const ACTIONS = [
  { name: "cancel", label: "Cancel", icon: "close", key: "c", run: cancel, fits: (task) => OPEN.includes(task.status) && !isStopping(task) },
  { name: "retry", label: "Retry", icon: "retry", key: "r", run: retry, fits: (task) => ["FAILED", "CANCELLED"].includes(task.status) },
  { name: "delete", label: "Delete", icon: "trash", key: "d", run: remove, fits: (task) => !OPEN.includes(task.status) },
];
