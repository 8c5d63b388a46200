/** Names as they fit. */

const GIVEN = /^task_(?=[0-9a-f]{8})/; // the gateway's own ids

/** @param {string} id of a task @returns at most 14 characters of it */
export function shortTask(id) {
  const own = id.replace(GIVEN, "");
  return own.length > 14 ? `${own.slice(0, 8)}…` : own;
}

/** @param {string} worker `<service>@<host>/<pid>` */
export function serviceOf(worker) {
  return worker.split("@")[0];
}

/** @param {string} worker `<service>@<host>/<pid>` */
export function processOf(worker) {
  return worker.slice(worker.lastIndexOf("/") + 1);
}

/** @param {string} device the id of a card, which is long where it is a UUID */
export function deviceName(device) {
  if (device === "cpu") return "Memory";
  if (device === "sim") return "Simulated card";
  return device.length > 16 ? `${device.slice(0, 12)}…` : device;
}
