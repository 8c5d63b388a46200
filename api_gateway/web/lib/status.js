/** The statuses of a task. */

const FINAL = new Set(["SUCCESS", "FAILED", "CANCELLED"]);

/** Tell whether a task has ended; a retry may begin it anew. */
export const isFinal = (status) => FINAL.has(status);
