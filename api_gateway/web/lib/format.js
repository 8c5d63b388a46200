/** Formatting of durations, sizes and times for display. */

/** @param {number} seconds @returns "0.4 s", "12 s", "3 min 05 s" or "2 h 07 min" */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** @param {number} seconds of a configured duration @returns "30 min": trailing zeros are dropped */
export function setDuration(seconds) {
  return duration(seconds).replace(/\.0 s$/, " s").replace(/ 00 (s|min)$/, "");
}

/** @param {number} seconds from the start of a media file @returns "1:05" or "1:02:05" */
export function timecode(seconds) {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return `${hours ? `${hours}:${pad(minutes)}` : minutes}:${pad(whole % 60)}`;
}

/** @param {number} count of bytes @returns "512 B", "1.5 GiB" */
export function bytes(count) {
  if (count === null || count === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** @param {string} stamp RFC 3339 @returns the local time, with the date if it is not today */
export function clockTime(stamp) {
  if (!stamp) return "–";
  const time = new Date(stamp);
  const today = time.toDateString() === new Date().toDateString();
  return today ? time.toLocaleTimeString() : time.toLocaleString();
}

/** @param {string} stamp RFC 3339 @param {number} now ms, `clock.now` of lib/system.js @returns seconds */
export function since(stamp, now) {
  return Math.max(0, (now - new Date(stamp)) / 1000);
}

/** @param {number} seconds since an event @returns "just now", "12 s ago", "3 min ago", "2 h ago" or "5 d ago" */
export function ago(seconds) {
  if (seconds < 2) return "just now";
  const [unit, name] = [[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([least]) => seconds >= least);
  return `${Math.floor(seconds / unit)} ${name} ago`;
}

function pad(number) {
  return String(number).padStart(2, "0");
}
