/** Descriptions of how a lease ended. */
const WORDS = {
  released: "released",
  gave_up: "gave up waiting",
  timed_out: "waited too long",
  expired: "ran out of time: its process did not renew it",
  holder_died: "its process died",
  holder_gone: "its process was gone",
  killed: "its process was killed",
  container_restarted: "its container was restarted",
};
const USUAL = new Set(["released", "gave_up"]);
const BY_HAND = "by_hand: ";

/** @param {string} reason of a `PastLease` */
export function ending(reason) {
  if (reason.startsWith(BY_HAND)) return `released by hand: ${reason.slice(BY_HAND.length)}`;
  return WORDS[reason] ?? reason.replaceAll("_", " ");
}

/** Return whether the ending is worth highlighting. */
export function unusual(reason) {
  return !USUAL.has(reason);
}
