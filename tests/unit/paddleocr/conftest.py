"""A worker process in miniature on a real Redis, with the embedded models loaded once for all tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.burned import Burned
from tests.support.ocr_bench import OcrBench
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def ocr(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OcrBench]:
    redis_server.client.flushall()
    own = OcrBench(redis_server.url, tmp_path_factory.mktemp("ocr") / "share", chunk_length=5)
    yield own
    own.close()


@pytest.fixture
def film(ocr: OcrBench) -> Callable[[Burned, str], str]:
    """Return a function that makes a video under share and gives its name there."""

    def make(burned: Burned, name: str) -> str:
        burned.make(ocr.share / f"{name}.mp4")
        return f"{name}.mp4"

    return make
