/** Media in a task's input, and which tasks produce a transcript. */
import { catalog } from "../../lib/catalog.js";
import { recall } from "../../lib/media.js";

/** @returns {Promise<string[]>} the file ids, paths below share and URLs in a task's input, in schema order */
export async function references({ task_name: name, input_params: { input_data: given } }) {
  const properties = (await catalog()).get(name)?.input_schema.properties ?? {};
  const media = Object.keys(properties).filter((field) => JSON.stringify(properties[field]).includes('"media-file"'));
  return media.flatMap((field) => given[field] ?? []).filter((value) => typeof value === "string");
}

/** @returns {Promise<Set<string>>} the names of the tasks that produce a transcript */
export async function textTasks() {
  return new Set([...(await catalog()).values()].filter(makesText).map((entry) => entry.task_name));
}

const makesText = ({ output_schema: output }) => "transcript_path" in (output.properties ?? {});

export const isUrl = (reference) => reference.includes("://");
export const isFileId = (reference) => /^file_[0-9a-f]{32}$/.test(reference);

/** @returns the API path that serves this file */
export function address(reference) {
  const inside = reference.replace(/^\/share\//, "");
  return `/v1/files/${inside.split("/").map(encodeURIComponent).join("/")}`;
}

/** @returns the file name to display; empty for a file id, whose name only the gateway knows */
export function mediaName(taskId, reference = "") {
  if (recall(taskId)) return recall(taskId).name;
  if (isFileId(reference)) return "";
  return readable(reference.split(/[?#]/)[0].split("/").filter(Boolean).pop() ?? "");
}

/** @param {Headers} headers of a download @returns the file name in `Content-Disposition`, or "" */
export function sentName(headers) {
  const told = headers.get("Content-Disposition") ?? "";
  const [, encoded] = told.match(/filename\*=utf-8''([^;]+)/i) ?? [];
  const [, plain] = told.match(/filename="([^"]*)"/i) ?? [];
  return encoded ? readable(encoded) : plain ?? "";
}

function readable(encoded) {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
