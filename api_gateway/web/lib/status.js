/** Final statuses of a task. */

const FINAL = new Set(["SUCCESS", "FAILED", "CANCELLED"]);

/** Return whether a task has ended; a retry can still restart it. */
export const isFinal = (status) => FINAL.has(status);
