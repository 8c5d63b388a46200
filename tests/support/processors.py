"""Simulated processors: restrictions that make this machine's libraries use the kernels of older processors."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

CPUINFO = Path("/proc/cpuinfo")
NUMPY_AVX2 = "X86_V3"
"""Every other group of instructions that NumPy chooses at run time needs AVX-512."""


@dataclass(frozen=True, slots=True)
class Processor:
    """Variables that restrict OpenBLAS, CTranslate2 (MKL or oneDNN) and NumPy to the instructions of a processor.

    ONNX Runtime has no such variable.
    """

    needs: frozenset[str]
    """Flags of /proc/cpuinfo that it needs."""
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    numpy_avx2: bool = True

    def environment(self) -> dict[str, str]:
        """Return the environment that makes a process run as on this processor."""
        kept = {NUMPY_AVX2} if self.numpy_avx2 else set()
        disabled = {"NPY_DISABLE_CPU_FEATURES": " ".join(sorted(numpy_features() - kept))} if self.needs else {}
        return {**os.environ, **self.variables, **disabled}  # noqa: TID251 - PATH and the like

    def find_missing(self) -> str | None:
        """Return which flags this machine lacks, or None if it has all."""
        lacking = sorted(self.needs - flags())
        return f"this processor has no {', '.join(lacking)}" if lacking else None


AVX2 = {"CT2_FORCE_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
GENERIC = {"CT2_FORCE_CPU_ISA": "GENERIC", "DNNL_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}

PROCESSORS = {
    "this one": Processor(frozenset()),
    "Haswell": Processor(frozenset({"avx2", "fma"}), {"OPENBLAS_CORETYPE": "Haswell", **AVX2}),
    # on AMD processors, CTranslate2 uses oneDNN instead of MKL
    "Zen": Processor(frozenset({"avx2", "fma"}), {"OPENBLAS_CORETYPE": "Zen", "CT2_USE_MKL": "0", **AVX2}),
    "generic": Processor(frozenset({"sse4_2"}), {"OPENBLAS_CORETYPE": "Prescott", **GENERIC}, numpy_avx2=False),
}


def numpy_features() -> set[str]:
    """Return the instruction groups that NumPy uses on this machine."""
    return set(np.show_config(mode="dicts")["SIMD Extensions"].get("found", ()))


@cache
def flags() -> frozenset[str]:
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    return frozenset(next((line.split(":")[1] for line in lines if line.startswith("flags")), "").split())
