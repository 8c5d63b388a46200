/** Time limits that can be changed in the dashboard: names, descriptions and validation. */
export const LIMITS = [
  ["warning", "Warning", "A lease this old raises a warning."],
  ["soft_timeout", "Soft timeout", "The task of a lease this old is asked to stop and can save a checkpoint."],
  ["hard_timeout", "Hard timeout", "The process of a lease this old is killed."],
  ["stall_timeout", "Stall timeout", "A task that sends heartbeats but makes no progress for this long is stalled."],
];
const LEVELS = ["warning", "soft_timeout", "hard_timeout"];

/** Return the limits of a `MonitorSettings` as strings, by name. */
export function asTexts({ timeout_levels: levels, stall_timeout: stall }) {
  return Object.fromEntries(LIMITS.map(([name]) => [name, String({ ...levels, stall_timeout: stall }[name])]));
}

/** Return the errors in the entered texts, by limit name; empty if all are valid. */
export function faults(texts) {
  const found = {};
  for (const [name] of LIMITS) {
    const seconds = Number(texts[name]);
    if (texts[name].trim() === "" || !Number.isFinite(seconds)) found[name] = "Enter a number of seconds.";
    else if (seconds < 0) found[name] = "It cannot be negative; 0 turns it off.";
  }
  const used = LEVELS.filter((name) => !found[name] && Number(texts[name]) > 0);
  for (const [index, name] of used.entries()) {
    const before = used[index - 1];
    if (before && Number(texts[name]) < Number(texts[before])) found[name] = `It must not be shorter than the ${before.replace("_", " ")}.`;
  }
  return found;
}

/** Return the body for `PATCH /v1/monitoring/config`. */
export function change(texts) {
  const { stall_timeout: stall, ...levels } = Object.fromEntries(LIMITS.map(([name]) => [name, Number(texts[name])]));
  return { timeout_levels: levels, stall_timeout: stall };
}

/** Body that resets the limits to the values in the configuration file. */
export const AS_IN_FILE = { timeout_levels: null, stall_timeout: null };
