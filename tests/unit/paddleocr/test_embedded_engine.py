"""The embedded engine keeps the promises of an engine."""

from pathlib import Path

import pytest
from typing_extensions import override

from common.gpu.devices import CpuDevice
from services.paddleocr.engine import Embedded, Reader, model_of
from services.paddleocr.errors import EngineMissing
from services.paddleocr.settings import PaddleocrSettings
from tests.support.ocr_contract import EngineContract


@pytest.fixture(scope="module")
def embedded_reader() -> Reader:
    return Embedded(PaddleocrSettings(), CpuDevice())


class TestEmbedded(EngineContract):
    @pytest.fixture
    @override
    def reader(self, embedded_reader: Reader) -> Reader:
        return embedded_reader


def test_an_engine_that_is_not_installed_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"requirements/paddleocr"):
        model_of(PaddleocrSettings(engine="paddleocr"), tmp_path).load(CpuDevice())
