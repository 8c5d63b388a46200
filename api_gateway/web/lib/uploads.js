/**
 * Uploads from this page to the gateway: a few at a time, each with its progress, each can be stopped at any time.
 * A form holds the `token` of an upload wherever the gateway expects a file; `mediaOf` waits for the file id.
 */
import { api } from "./api.js";
import { shallowReactive, watch } from "./html.js";

const AT_ONCE = 2;
const uploads = shallowReactive(new Map());
let last = 0;

/** Queue a file for upload. `state`: waiting, sending, done, failed, stopped. @returns the token of its upload */
export function startUpload(file) {
  const token = `upload:${++last}/${file.name}`;
  const upload = shallowReactive({ token, file, state: "waiting", share: 0, began: 0, media: "", error: null, used: false });
  uploads.set(token, upload);
  sendNext();
  return token;
}

/** Return the upload that a form's value refers to, by its token or by the file id from the gateway. */
export function uploadOf(value) {
  return uploads.get(value) ?? [...uploads.values()].find(({ media }) => media && media === value);
}

export function retryUpload(upload) {
  Object.assign(upload, { state: "waiting", share: 0, error: null });
  sendNext();
}

/** Stop an upload, and delete its file on the gateway unless a task uses it. */
export function stopUpload(upload) {
  const { state } = upload;
  upload.state = "stopped";
  uploads.delete(upload.token);
  upload.stop?.abort();
  if (state === "done" && !upload.used) api.del(`/v1/files/${upload.media}`).catch(() => {}); // the gateway deletes it later
}

export function stopAllUploads() {
  [...uploads.values()].forEach(stopUpload);
}

/**
 * Resolve a form's value to what the gateway accepts: an upload to its file id once done, other values unchanged.
 * @throws the error of the upload, or AbortError if it was stopped
 */
export function mediaOf(value) {
  const upload = uploadOf(value);
  if (!upload) return Promise.resolve(value);
  return new Promise((resolve, reject) => {
    const ends = {
      done: () => resolve(upload.media),
      failed: () => reject(upload.error),
      stopped: () => reject(new DOMException("The upload was stopped.", "AbortError")),
    };
    const unwatch = watch(() => upload.state, (state) => {
      if (!ends[state]) return;
      ends[state]();
      queueMicrotask(() => unwatch());
    }, { immediate: true });
  });
}

function sendNext() {
  const all = [...uploads.values()];
  const free = AT_ONCE - all.filter(({ state }) => state === "sending").length;
  all.filter(({ state }) => state === "waiting").slice(0, free).forEach(send);
}

async function send(upload) {
  Object.assign(upload, { state: "sending", began: performance.now(), stop: new AbortController() });
  try {
    const made = await api.upload(upload.file, (share) => (upload.share = share), upload.stop.signal);
    if (upload.state === "sending") Object.assign(upload, { media: made.id, share: 1, state: "done" });
  } catch (error) {
    if (upload.state === "sending") Object.assign(upload, { error, state: "failed" });
  }
  sendNext();
}

/** Ask for confirmation before the page is closed during an upload. */
window.addEventListener("beforeunload", (event) => {
  if ([...uploads.values()].some(({ state }) => state === "waiting" || state === "sending")) event.preventDefault();
});
