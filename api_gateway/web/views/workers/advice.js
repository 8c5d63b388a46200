/** Advice for each reason of the verdict, by its code. */
const ADVICE = {
  no_leader: "Start a gateway, or restart one that lost Redis. Without a leader nothing is watched: no time limits, no retries of lost tasks.",
  config_ignored: "Correct the settings below, or set them back to what the file says.",
  storage_full: "Remove tasks that are no longer needed, or look into share/models. No task begins until then, and none is lost.",
  no_worker: "Start a worker of this service. The tasks wait, and none of them is lost.",
  worker_gone: "If it was stopped on purpose, nothing: it is forgotten after an hour, and its tasks run elsewhere. If not, see the end of its log.",
  delivery_not_claimed: "Nothing at once: the process is replaced and its task runs elsewhere. If it happens again and again, see the worker's log.",
  task_stalled: "It lives but does not go on. At stall_timeout it is ended and tried again; cancel it to end it now.",
  task_dead: "Its process is silent. The task is tried again by itself, from its checkpoint.",
  lease_too_old: "Look at what holds the card in the GPU view. At its hard limit the process is killed.",
};

export function adviceOn(code) {
  return ADVICE[code] ?? "";
}
