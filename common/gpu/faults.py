"""CUDA errors after which no CUDA call of the process works any more."""

BROKEN_CONTEXT = (
    "an illegal memory access was encountered",
    "an illegal instruction was encountered",
    "the launch timed out and was terminated",
    "unspecified launch failure",
    "device-side assert triggered",
    "misaligned address",
    "invalid program counter",
    "hardware stack error",
    "operation not supported on global/shared address space",
    "uncorrectable ECC error encountered",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_EXECUTION_FAILED",
)
"""Texts of the errors of which the CUDA Runtime API says "the process must be terminated and relaunched" (`cudaError`).

CTranslate2, PyTorch and ONNX Runtime include these texts in their exceptions.
"""


def breaks_context(error: BaseException) -> bool:
    """Return whether this error, or one that caused it, leaves the process without a usable GPU."""
    cause: BaseException | None = error
    while cause is not None:
        if any(text in str(cause) for text in BROKEN_CONTEXT):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
