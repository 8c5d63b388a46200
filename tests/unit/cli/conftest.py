"""The fake gateway, in place of the one that the options name."""

from collections.abc import Iterator

import pytest
from fake_gateway import FakeGateway, Run
from typer.testing import CliRunner

from cli.commands.options import Session
from cli.main import app


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    fake = FakeGateway()
    monkeypatch.setattr(Session, "client", lambda _session: fake.client())
    monkeypatch.setattr("cli.follow.RECONNECT_SECONDS", (0.0, 0.0, 0.0))
    return fake


@pytest.fixture
def baton() -> Run:
    return lambda *arguments: CliRunner().invoke(app, list(arguments))
