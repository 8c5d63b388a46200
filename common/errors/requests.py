"""Errors of requests to the gateway."""

from typing import Self

from common.errors.base import BatonError


class InvalidInput(BatonError):
    """The request does not match its contract. Correct the named fields and send it again."""

    code = "invalid_input"
    status = 422


class MalformedBody(BatonError):
    """The body is not a JSON object. Send `Content-Type: application/json` and an object."""

    code = "malformed_body"
    status = 400


class UnsupportedMediaType(BatonError):
    """This Content-Type is not accepted here. Send the type that the API page (/docs) lists."""

    code = "unsupported_media_type"
    status = 415


class BodyTooLarge(BatonError):
    """The body exceeds the limit. Send a smaller one, or raise the limit named in the detail."""

    code = "body_too_large"
    status = 413


class BodyTooComplex(BatonError):
    """The JSON body has too many values. Send fewer at a time, or raise `gateway.max_json_values`."""

    code = "body_too_complex"
    status = 413


class UnknownTask(BatonError):
    """There is no task of this name. `GET /v1/catalog` lists all tasks."""

    code = "unknown_task"
    status = 404


class TaskNotFound(BatonError):
    """There is no task with this id. It may have expired: records are kept for `tasks.state_ttl`."""

    code = "task_not_found"
    status = 404


class TaskIdConflict(BatonError):
    """This task_id (or Idempotency-Key) belongs to a different request. Nothing was changed; choose another one."""

    code = "task_id_conflict"
    status = 409


class WrongState(BatonError):
    """The current status of the task does not allow this. Read it again with `GET /v1/tasks/{id}`."""

    code = "wrong_state"
    status = 409


class DeliveryNotFound(BatonError):
    """This task has no such callback delivery. `GET /v1/tasks/{id}/deliveries` lists them."""

    code = "delivery_not_found"
    status = 404


class CallbackNotAllowed(BatonError):
    """The callback URL points to an address that callbacks may not reach."""

    code = "callback_not_allowed"
    status = 422


class CallbackSecretRefused(BatonError):
    """The gateway cannot store the secret of a callback encrypted, because callbacks.secret is not set. Set
    callbacks.secret, or omit `secret`.
    """

    code = "callback_secret_refused"
    status = 422


class Unauthorized(BatonError):
    """A valid API key is missing. Send it as `X-API-Key` or as `Authorization: Bearer`."""

    code = "unauthorized"
    status = 401


class HostNotAllowed(BatonError):
    """A gateway without API keys does not answer to this host name. Set gateway.allowed_hosts or auth.api_keys."""

    code = "host_not_allowed"
    status = 403

    @classmethod
    def of(cls, host: str) -> Self:
        return cls(
            f"The gateway has no API keys, so it does not answer to the host name {host!r}: any web page could point a "
            "name of its own here. If the name is yours, add it to gateway.allowed_hosts, or set auth.api_keys.",
        )


class CrossSiteRequest(BatonError):
    """A gateway without API keys refuses changes from other sites. Set gateway.allowed_hosts or auth.api_keys."""

    code = "cross_site_request"
    status = 403

    @classmethod
    def of(cls, origin: str) -> Self:
        return cls(
            f"The gateway has no API keys, so it refuses changes from a page of {origin}. If the page is yours, "
            "add its host to gateway.allowed_hosts, or set auth.api_keys.",
        )


class GpuLockNotFound(BatonError):
    """There is no such GPU lock among the recently used ones. `GET /v1/monitoring/locks` lists them."""

    code = "gpu_lock_not_found"
    status = 404


class LockChangedHands(BatonError):
    """The lease has ended, and the lock is free or has another owner, so nothing was done. Read the lock again."""

    code = "lock_changed_hands"
    status = 409


class QueueFull(BatonError):
    """Too many tasks are pending. Try again after the time in `Retry-After`."""

    code = "queue_full"
    status = 429
    retryable = True


class TooManyStreams(BatonError):
    """Too many event streams are open. Close one, or try again after the time in `Retry-After`."""

    code = "too_many_streams"
    status = 429
    retryable = True
