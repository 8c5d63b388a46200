"""Fixtures of the tests that hold the gateway to what it promises over HTTP."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.support.stack import Stack

# what a gateway writes by itself, whatever is asked of it
OWN_KEYS = ("monitor:", "events-hub:", "_kombu.", "worker:")


@pytest.fixture(scope="module")
def quiet_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A gateway without a worker: nothing changes in Redis or under share but what a request changes."""
    limits = {"BATON_GATEWAY__MAX_BODY_BYTES": "100000", "BATON_STORAGE__ALLOWED_HOSTS": '["127.0.0.2"]'}
    with Stack(tmp_path_factory.mktemp("quiet"), **limits) as quiet:
        quiet.gateway()
        yield quiet


@pytest.fixture
def nothing_changes(quiet_stack: Stack) -> AbstractContextManager[None]:
    """Assert that no key and no file is added or removed inside the block."""

    @contextmanager
    def assert_unchanged() -> Iterator[None]:
        before = traces(quiet_stack)
        yield
        assert traces(quiet_stack) == before

    return assert_unchanged()


def traces(stack: Stack) -> set[str]:
    keys = {key for key in stack.redis.client.scan_iter(count=1000) if not key.startswith(OWN_KEYS)}
    return keys | {str(path) for path in stack.share.rglob("*")}
