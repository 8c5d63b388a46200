"""A worker process in miniature on a real Redis, with the embedded models loaded once for all tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.burned import Burned
from tests.support.redis_server import RedisServer
from tests.support.service_bench import ServiceBench


@pytest.fixture(scope="module")
def ocr(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceBench]:
    redis_server.client.flushall()
    share = tmp_path_factory.mktemp("ocr") / "share"
    own = ServiceBench("paddleocr", redis_server.url, share, paddleocr={"chunk_length": 5})
    yield own
    own.close()


@pytest.fixture
def film(ocr: ServiceBench) -> Callable[[Burned, str], str]:
    """Return a function that makes a video under share and gives its name there."""

    def make(burned: Burned, name: str) -> str:
        burned.make(ocr.share / f"{name}.mp4")
        return f"{name}.mp4"

    return make
