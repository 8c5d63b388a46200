"""What can go wrong in the faster_whisper service, beyond the errors that all services share."""

from common.errors import BatonError


class PromptTooLong(BatonError):
    """`initial_prompt` and `hotwords` together leave no room for text. Shorten them, or lower `max_new_tokens`."""

    code = "prompt_too_long"
    status = 422


class DeviceUnavailable(BatonError):
    """This worker has no CUDA card to give. Send `device: auto`, or set `gpu.device` to nvidia where there is one."""

    code = "device_unavailable"
    status = 422


class ComputeTypeUnsupported(BatonError):
    """This device cannot compute in that type. Send `compute_type: auto`."""

    code = "compute_type_unsupported"
    status = 422
