/**
 * The files that this page sends to the gateway: a few at a time, each with its progress, and to be stopped at any moment.
 * A form holds the `token` of an upload wherever the gateway wants a file; `mediaOf` waits for what takes its place.
 */
import { api } from "./api.js";
import { shallowReactive, watch } from "./html.js";

const AT_ONCE = 2;
const uploads = shallowReactive(new Map());
let last = 0;

/** Put a file in line. `state`: waiting, sending, done, failed, stopped. @returns the token of its upload */
export function startUpload(file) {
  const token = `upload:${++last}/${file.name}`;
  const upload = shallowReactive({ token, file, state: "waiting", share: 0, began: 0, media: "", error: null, used: false });
  uploads.set(token, upload);
  sendNext();
  return token;
}

/** Return the upload that a form's value stands for: by its token, or by the id that the gateway gave it. */
export function uploadOf(value) {
  return uploads.get(value) ?? [...uploads.values()].find(({ media }) => media && media === value);
}

export function retryUpload(upload) {
  Object.assign(upload, { state: "waiting", share: 0, error: null });
  sendNext();
}

/** Stop it, and have the gateway forget the file unless a task was made of it. */
export function stopUpload(upload) {
  const { state } = upload;
  upload.state = "stopped";
  uploads.delete(upload.token);
  upload.stop?.abort();
  if (state === "done" && !upload.used) api.del(`/v1/files/${upload.media}`).catch(() => {}); // it ages out by itself
}

export function stopAllUploads() {
  [...uploads.values()].forEach(stopUpload);
}

/**
 * Return what the gateway knows a value by, once it is there: an upload's id, any other value as it is.
 * @throws what made the upload fail, or AbortError when it was stopped
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

/** Ask before the page is closed while files are on their way. */
window.addEventListener("beforeunload", (event) => {
  if ([...uploads.values()].some(({ state }) => state === "waiting" || state === "sending")) event.preventDefault();
});
