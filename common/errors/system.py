"""Errors of the settings, Redis, and the shared storage."""

from typing import ClassVar

from common.errors.base import BatonError, Cost


class NotStartable(BatonError):
    """The settings do not allow a start."""

    code = "not_startable"


class StateUnavailable(BatonError):
    """Redis does not answer. The request may have been recorded nevertheless: send it again with the same `task_id` or
    `Idempotency-Key`. `GET /health/ready` tells when Redis is back.
    """

    code = "state_unavailable"
    status = 503
    retryable = True
    cost = "interruption"
    full = False
    """Redis answered, but has no room to write: no other process can change anything either."""


class StorageFull(BatonError):
    """The shared storage is full. Free some space, then retry the task: `POST /v1/tasks/{id}/retry`."""

    code = "storage_full"
    status = 507
    retryable = True
    cost = "interruption"


class ShareUnavailable(BatonError):
    """The shared storage is unavailable, for example because a network folder is not mounted. The task waits until it
    is back; check that the folder of storage.share is mounted.
    """

    code = "share_unavailable"
    status = 503
    retryable = True
    cost: ClassVar[Cost] = "nothing"


class ShareBroken(ShareUnavailable):
    """The shared storage reported a device or network error. The task is tried again; check the system log of the
    machine that hosts the folder of storage.share.
    """

    cost = "interruption"
