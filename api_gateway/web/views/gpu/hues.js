/** Colour of each task: one of eight, assigned in turn so that neighbouring tasks differ. */
const COUNT = 8;
const given = new Map();

/** @returns {string} the class that sets `--hue` */
export function hueOf(task) {
  if (!given.has(task)) given.set(task, given.size % COUNT);
  return `hue-${given.get(task)}`;
}
