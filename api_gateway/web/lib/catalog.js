/** What the gateway can do: every kind of task with its schemas, asked for once. */
import { api } from "./api.js";

let asked = null;

/** @returns {Promise<Map<string, object>>} what `GET /v1/catalog` tells of each task, by its name */
export function catalog() {
  asked ??= api.get("/v1/catalog").then(({ tasks }) => new Map(tasks.map((entry) => [entry.task_name, entry])));
  asked.catch(() => (asked = null));
  return asked;
}
