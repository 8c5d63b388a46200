"""The fake gateway, in place of the one that the options name."""

import pytest
from typer.testing import CliRunner

from cli.commands.options import CliSession
from cli.main import app
from tests.unit.cli.fake_gateway import FakeGateway, Run


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    fake = FakeGateway()
    monkeypatch.setattr(CliSession, "client", lambda _session: fake.client())
    monkeypatch.setattr("cli.follow.RECONNECT_SECONDS", (0.0, 0.0, 0.0))
    return fake


@pytest.fixture
def baton() -> Run:
    return lambda *arguments: CliRunner().invoke(app, list(arguments))
