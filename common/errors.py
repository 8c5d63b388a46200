"""The errors Baton can tell a user: one root, one class for each thing that can go wrong.

A class's docstring is its default message, so it says what happened and what to do next. `status` is the HTTP
status the gateway answers with; `retryable` tells the worker whether another attempt may help.
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel

Cost = Literal["attempt", "interruption", "nothing"]
"""What another try costs the task: one of `tasks.max_attempts`, one of `tasks.max_interruptions`, or nothing."""


class BatonError(Exception):
    """Something went wrong inside Baton. Try once more; if it happens again, report it with the trace that the log
    holds under the task id.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    cost: ClassVar[Cost] = "attempt"

    def __init__(self, message: str | None = None, **detail: Any) -> None:
        self.message = message or self.default_message()
        self.detail = detail
        super().__init__(self.message)

    @classmethod
    def default_message(cls) -> str:
        return " ".join((cls.__doc__ or cls.__name__).split())


class ErrorRecord(BaseModel):
    """What a task's record keeps of an error: no stack trace, that goes to the log under the task id."""

    code: str
    message: str
    retryable: bool = False
    detail: dict[str, Any] = {}

    @classmethod
    def of(cls, error: BatonError) -> Self:
        return cls(code=error.code, message=error.message, retryable=error.retryable, detail=error.detail)


# ---- the input's fault: never retried ----


class InvalidInput(BatonError):
    """The request does not fit its contract. Correct the named fields and send it again."""

    code = "invalid_input"
    status = 422


class MalformedBody(BatonError):
    """The body is not a JSON object. Send `Content-Type: application/json` and an object."""

    code = "malformed_body"
    status = 400


class UnsupportedMediaType(BatonError):
    """This body's Content-Type is not accepted here. Send the type that the API page (/docs) names."""

    code = "unsupported_media_type"
    status = 415


class BodyTooLarge(BatonError):
    """The body is over the limit. Send a smaller one, or raise the limit that the detail names."""

    code = "body_too_large"
    status = 413


class BodyTooComplex(BatonError):
    """The JSON body holds too many values. Send fewer at a time, or raise `gateway.max_json_values`."""

    code = "body_too_complex"
    status = 413


class UnknownTask(BatonError):
    """No task has this name. `GET /v1/catalog` lists them all."""

    code = "unknown_task"
    status = 404


class TaskNotFound(BatonError):
    """No task has this id. It may have expired: records are kept for `tasks.state_ttl`."""

    code = "task_not_found"
    status = 404


class TaskIdConflict(BatonError):
    """This task_id (or Idempotency-Key) belongs to another request. Nothing was changed; choose another one."""

    code = "task_id_conflict"
    status = 409


class WrongState(BatonError):
    """The task's present status does not allow this. Read it again with `GET /v1/tasks/{id}`."""

    code = "wrong_state"
    status = 409


class DeliveryNotFound(BatonError):
    """This task has no such callback delivery. `GET /v1/tasks/{id}/deliveries` lists them."""

    code = "delivery_not_found"
    status = 404


class CallbackNotAllowed(BatonError):
    """The callback URL points to a place that callbacks may not reach."""

    code = "callback_not_allowed"
    status = 422


class CallbackSecretRefused(BatonError):
    """This gateway has no callbacks.secret, so it cannot keep the secret of a callback encrypted. Set callbacks.secret,
    or leave `secret` out.
    """

    code = "callback_secret_refused"
    status = 422


class UnsafePath(BatonError):
    """The path leaves the shared storage. Use a path under share, a file id, or a URL."""

    code = "unsafe_path"
    status = 422


class FileMissing(BatonError):
    """No such file. Upload it with `POST /v1/files`, or put it under share."""

    code = "file_not_found"
    status = 404


class UrlNotAllowed(BatonError):
    """The URL points to a place that inputs may not come from."""

    code = "url_not_allowed"
    status = 422


class NotMedia(BatonError):
    """The file is not audio or video that can be read. Check that it plays."""

    code = "not_media"
    status = 422


class NoAudioTrack(BatonError):
    """The file has no such audio track. `ffmpeg.probe` lists its tracks."""

    code = "no_audio_track"
    status = 422


class NoVideoTrack(BatonError):
    """The file has no video track, so there are no pictures to work on. `ffmpeg.probe` lists its tracks."""

    code = "no_video_track"
    status = 422


class ClipOutsideMedia(BatonError):
    """The wanted part begins after the end of the file. Choose a `start` inside it."""

    code = "clip_outside_media"
    status = 422


class MediaTooLong(BatonError):
    """The file plays longer than allowed. Take a part of it, or raise the `max_duration` of its service's settings."""

    code = "media_too_long"
    status = 422


class TooManyPixels(BatonError):
    """The picture is larger than allowed. Make it smaller, or raise the limit on pixels in its service's settings."""

    code = "too_many_pixels"
    status = 422


class TaskTimeLimit(BatonError):
    """The task ran into a time limit. Split the input, or raise the limit: of its service, or of `gpu_lock_monitor`."""

    code = "time_limit"
    status = 422


class Unauthorized(BatonError):
    """A valid API key is missing. Send it as `X-API-Key` or as `Authorization: Bearer`."""

    code = "unauthorized"
    status = 401


class HostNotAllowed(BatonError):
    """A gateway without API keys does not answer to this name. Set gateway.allowed_hosts or auth.api_keys."""

    code = "host_not_allowed"
    status = 403

    @classmethod
    def of(cls, host: str) -> Self:
        return cls(
            f"This gateway has no API keys, so it does not answer to {host!r}: any web page could let a name of its "
            "own point here. If the name is yours, put it into gateway.allowed_hosts, or set auth.api_keys.",
        )


class CrossSiteRequest(BatonError):
    """A page of another site may not change anything here. Set gateway.allowed_hosts or auth.api_keys."""

    code = "cross_site_request"
    status = 403

    @classmethod
    def of(cls, origin: str) -> Self:
        return cls(
            f"This gateway has no API keys, so a page of {origin} may not change anything here. If the page is yours, "
            "put its host into gateway.allowed_hosts, or set auth.api_keys.",
        )


class NotStartable(BatonError):
    """The settings do not allow a start."""

    code = "not_startable"


class GpuLockNotFound(BatonError):
    """No such GPU lock was taken lately. `GET /v1/monitoring/locks` lists them."""

    code = "gpu_lock_not_found"
    status = 404


class LockChangedHands(BatonError):
    """This lease has ended: the lock is free or somebody else's by now, so nothing was done. Look at it again."""

    code = "lock_changed_hands"
    status = 409


# ---- passing: another attempt may help ----


class QueueFull(BatonError):
    """Too many tasks are waiting. Try again after the time in `Retry-After`."""

    code = "queue_full"
    status = 429
    retryable = True


class TooManyStreams(BatonError):
    """Too many event streams are open. Close one, or come back after the time in `Retry-After`."""

    code = "too_many_streams"
    status = 429
    retryable = True


class StateUnavailable(BatonError):
    """Redis does not answer. What was sent may be recorded all the same: send it again with the same `task_id` or
    `Idempotency-Key`. `GET /health/ready` tells when Redis is back.
    """

    code = "state_unavailable"
    status = 503
    retryable = True
    cost = "interruption"
    full = False
    """Redis was reached and has no room to write: nobody else can change anything either."""


class DownloadFailed(BatonError):
    """The input could not be downloaded. Check that the URL answers from this machine."""

    code = "download_failed"
    status = 502
    retryable = True


class StorageFull(BatonError):
    """The shared storage is full. Free some space, then retry the task: `POST /v1/tasks/{id}/retry`."""

    code = "storage_full"
    status = 507
    retryable = True
    cost = "interruption"


class ShareUnavailable(BatonError):
    """The shared storage is not there, as when a network folder is away. The task waits until it is back; see that the
    folder of storage.share is mounted.
    """

    code = "share_unavailable"
    status = 503
    retryable = True
    cost: ClassVar[Cost] = "nothing"


class ShareBroken(ShareUnavailable):
    """The shared storage answered with an error of the device or the network under it. The task is tried again; see the
    log of the machine that has the folder of storage.share.
    """

    cost = "interruption"


class WorkerLost(BatonError):
    """The worker died at every attempt. See the worker's log; `POST /v1/tasks/{id}/retry` tries again."""

    code = "worker_lost"
    retryable = True


class GpuLockTimeout(BatonError):
    """The task waited for the GPU for as long as it may. `GET /v1/monitoring/locks` shows who holds the GPU. Retry the
    task, or allow it to wait longer: `max_wait` in its request, `gpu_lock.max_wait_time` for all.
    """

    code = "gpu_lock_timeout"
    status = 503
    advice: ClassVar[str] = "Retry the task, or allow it to wait longer: `max_wait` in its request."


class MemoryInUse(BatonError):
    """There is no memory for the model beside one that another task is using. The task waits, and is tried again."""

    code = "memory_in_use"
    status = 503
    retryable = True
    cost = "nothing"


class WaitedTooLong(BatonError):
    """The task waited for a worker for as long as it may. Start workers of its queue, then retry the task; or allow it
    to wait longer: `max_wait` in its request, `tasks.max_wait` for all.
    """

    code = "waited_too_long"
    status = 504
    advice: ClassVar[str] = "Start workers, then retry the task; or allow it to wait longer: `max_wait` in its request."


class CutOff(BatonError):
    """The worker could not reach Redis for `heartbeat.timeout`, so it stopped the attempt. The task is tried again."""

    code = "cut_off"
    status = 503
    retryable = True
    cost = "interruption"


class WorkerStopping(BatonError):
    """The worker's machine is shutting down. The task goes back to its queue."""

    code = "worker_stopped"
    status = 503
    retryable = True
    cost = "nothing"


class GpuLockUnavailable(BatonError):
    """The GPU lock cannot be asked for, because Redis does not answer. Nothing runs unlocked; it is tried again."""

    code = "lock_unavailable"
    status = 503
    retryable = True


class OutOfGpuMemory(BatonError):
    """The model does not fit on the GPU, even with every other model unloaded. Choose a smaller one."""

    code = "out_of_gpu_memory"
    status = 507


class LeaseLost(BatonError):
    """The lease of the GPU ran out under the task, so it had to stop. It is tried again from its checkpoint."""

    code = "lease_lost"
    retryable = True
    cost = "interruption"


class NestedGpuLock(BatonError):
    """The task asked for the GPU while it held it, and would wait for itself. Use one `job.gpu(…)` at a time."""

    code = "nested_gpu_lock"


# ---- told to a running task; never shown to a user as an error ----


class Cancelled(BatonError):
    """The task was cancelled."""

    code = "cancelled"
    status = 409


class Fenced(BatonError):
    """This attempt was taken back: a newer one owns the task, so nothing may be written any more."""

    code = "fenced"
    status = 409
