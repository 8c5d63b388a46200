"""Errors of the faster_whisper service, in addition to the common ones."""

from common.errors import BatonError


class PromptTooLong(BatonError):
    """`initial_prompt` and `hotwords` together leave no room for text. Shorten them, or lower `max_new_tokens`."""

    code = "prompt_too_long"
    status = 422


class DeviceUnavailable(BatonError):
    """This worker has no CUDA device. Send `device: auto`, or set `gpu.device` to nvidia on a machine that has one."""

    code = "device_unavailable"
    status = 422


class ComputeTypeUnsupported(BatonError):
    """This device does not support that compute type. Send `compute_type: auto`."""

    code = "compute_type_unsupported"
    status = 422
