/** Catalog of the gateway: every task with its schemas. Loaded once; a failed load is repeated on the next call. */
import { api } from "./api.js";

let asked = null;

/** @returns {Promise<Map<string, object>>} the entries of `GET /v1/catalog`, by task name */
export function catalog() {
  asked ??= api.get("/v1/catalog").then(({ tasks }) => new Map(tasks.map((entry) => [entry.task_name, entry])));
  asked.catch(() => (asked = null));
  return asked;
}
