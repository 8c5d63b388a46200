/** Client of the gateway's HTTP API. Every failure is an `ApiError` that says what happened and what to do next. */
import { session, signOut } from "./session.js";

const UNREACHABLE = { code: "unreachable", detail: "The gateway does not answer. It may be restarting, or the network is down." };

export class ApiError extends Error {
  /** @param {number} status HTTP status, 0 if there was no response  @param {object} problem RFC 9457 problem details */
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
    this.problem = problem;
  }
}

function headers(more) {
  return session.key ? { "X-API-Key": session.key, ...more } : more;
}

function query(parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

function problem(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    return { title: `HTTP ${status}`, detail: text.slice(0, 300) };
  }
}

function refuse(status, text) {
  if (status === 401 && session.open) signOut({ refused: true });
  throw new ApiError(status, problem(status, text));
}

async function send(method, path, { body, parameters, accept, signal, more = {} } = {}) {
  const typed = body === undefined ? {} : { "Content-Type": "application/json" };
  const asked = { method, signal, headers: headers({ Accept: accept ?? "application/json", ...typed, ...more }) };
  const answer = await fetch(path + query(parameters), { ...asked, body: body && JSON.stringify(body) }).catch((error) => {
    throw error.name === "AbortError" ? error : new ApiError(0, UNREACHABLE);
  });
  if (!answer.ok) refuse(answer.status, await answer.text());
  return answer;
}

async function json(...asked) {
  const text = await (await send(...asked)).text();
  return text ? JSON.parse(text) : null;
}

export const api = {
  get: (path, parameters, options) => json("GET", path, { parameters, ...options }),
  head: async (path) => (await send("HEAD", path)).headers,
  post: (path, body, options) => json("POST", path, { body, ...options }),
  patch: (path, body) => json("PATCH", path, { body }),
  del: (path) => json("DELETE", path),
  text: async (path, parameters) => (await send("GET", path, { parameters, accept: "*/*" })).text(),
  upload,
};

/**
 * Upload a file. Uses XMLHttpRequest, because fetch does not report upload progress.
 * @param {(share: number) => void} onProgress `share` is 0 to 1
 * @param {AbortSignal} [signal]
 * @returns {Promise<object>} the response of `POST /v1/files`
 */
function upload(file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/files");
    for (const [name, value] of Object.entries(headers({ Accept: "application/json" }))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(0, UNREACHABLE));
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    request.onload = () => {
      if (request.status < 300) return resolve(JSON.parse(request.responseText));
      try {
        refuse(request.status, request.responseText);
      } catch (error) {
        reject(error);
      }
    };
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

/**
 * Return a URL of this path for <video>, <a download> and EventSource, which cannot send headers. It contains a
 * short-lived token that grants read access to this path only.
 */
export async function link(path, parameters = {}) {
  const { token } = await api.post("/v1/access-tokens", { path });
  return path + query({ ...parameters, access_token: token });
}

/** Save the response of this path as a file. */
export async function download(path, parameters, name = "") {
  const anchor = document.createElement("a");
  anchor.href = await link(path, parameters);
  anchor.download = name;
  anchor.click();
}
