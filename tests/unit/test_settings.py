"""Settings: the environment over the file over the defaults, and nothing is ever ignored."""

import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import NotStartable
from common.settings import CONFIG_VARIABLE, GatewaySettings, Section, Settings, load


class OwnSettings(Section):
    """What a service adds."""

    threads: int = 2


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Use a file of the test's own, empty at first."""
    path = tmp_path / "baton.yaml"
    path.write_text("")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    return path


def read() -> Settings:
    return load({"own": OwnSettings})


def test_without_anything_the_defaults_hold() -> None:
    assert read().gateway == GatewaySettings()
    assert read().section(OwnSettings).threads == 2


def test_the_file_wins_over_the_defaults_and_the_environment_over_both(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("gateway: {port: 1, max_wait: 7}\nown: {threads: 3}")
    assert (read().gateway.port, read().gateway.max_wait) == (1, timedelta(seconds=7))
    monkeypatch.setenv("BATON_GATEWAY__PORT", "2")
    monkeypatch.setenv("BATON_OWN__THREADS", "4")
    assert (read().gateway.port, read().gateway.max_wait) == (2, timedelta(seconds=7))
    assert read().gateway.host == "127.0.0.1"
    assert read().section(OwnSettings).threads == 4


@pytest.mark.parametrize(("text", "seconds"), [("5", 5), ("0.25", 0.25), ("1e2", 100), ("PT2M", 120), ("00:01:30", 90)])
def test_durations_are_seconds(config: Path, monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    monkeypatch.setenv("BATON_GATEWAY__MAX_WAIT", text)
    assert read().gateway.max_wait == timedelta(seconds=seconds)


def test_durations_inside_a_nested_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_GPU_LOCK_MONITOR__HEARTBEAT", '{"interval": 0.5, "timeout": "9"}')
    heartbeat = read().gpu_lock_monitor.heartbeat
    assert (heartbeat.interval, heartbeat.timeout) == (timedelta(seconds=0.5), timedelta(seconds=9))


def test_lists_are_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_CALLBACKS__ALLOWED_HOSTS", '["n8n", "10.0.0.0/8"]')
    assert read().callbacks.allowed_hosts == ["n8n", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("BATON_GATEWAY__PROT", "1", "gateway.prot"),
        ("BATON_GATEWY__PORT", "1", "BATON_GATEWY__PORT"),
        ("BATON_PORT", "1", "BATON_PORT"),
        ("BATON_OWN__THREAD", "1", "own.thread"),
        ("BATON_GATEWAY__PORT", "70000", "gateway.port"),
        ("BATON_GATEWAY__PORT", "http", "gateway.port"),
        ("BATON_GATEWAY__MAX_WAIT", "-1", "gateway.max_wait"),
        ("BATON_GATEWAY__MAX_WAIT", "soon", "gateway.max_wait"),
        ("BATON_GATEWAY__MAX_WAIT", "nan", "gateway.max_wait"),
        ("BATON_GATEWAY__MAX_WAIT", "inf", "gateway.max_wait"),
        ("BATON_GATEWAY__SSE_PING", "0.5", "gateway.sse_ping"),
        ("BATON_CALLBACKS__ALLOWED_HOSTS", "n8n", "callbacks"),
        ("BATON_AUTH__API_KEYS", '["a key in clear"]', "auth.api_keys"),
        ("BATON_LOG__LEVEL", "loud", "log.level"),
    ],
)
def test_a_variable_that_nobody_reads_or_that_does_not_fit_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(NotStartable) as refused:
        read()
    assert named in refused.value.message
    assert "a key in clear" not in refused.value.message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gatewy: {}", "gatewy"),
        ("gateway: {prot: 1}", "gateway.prot"),
        ("gateway: {max_wait: -1}", "gateway.max_wait"),
        ("gpu_lock_monitor: {heartbeat: {intervall: 1}}", "heartbeat.intervall"),
        ("gateway: 5", "gateway"),
        ("- gateway", "baton.yaml"),
        ("just text", "baton.yaml"),
        ("gateway: {port: 1", "baton.yaml"),
        ("gateway: \x00", "baton.yaml"),
    ],
)
def test_a_key_that_nobody_reads_or_a_file_that_cannot_be_read_is_named(config: Path, text: str, named: str) -> None:
    config.write_text(text)
    with pytest.raises(NotStartable) as refused:
        read()
    assert named in refused.value.message


def test_a_file_that_was_asked_for_must_be_there(config: Path) -> None:
    config.unlink()
    with pytest.raises(NotStartable, match="no such file"):
        read()


def test_secrets_do_not_show() -> None:
    settings = load({}, redis={"url": "redis://:hush@127.0.0.1/0"}, callbacks={"secret": "whsec_hush"})
    assert "hush" not in repr(settings)
    assert "hush" not in str(settings.model_dump())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "")],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert GatewaySettings(host=host).loopback is loopback


def test_a_spawned_process_gets_the_values_of_its_parent_whatever_the_file_says_by_then(config: Path) -> None:
    config.write_text("redis: {url: 'redis://:secret@there:1/0'}\nown: {threads: 3}")
    before = read()
    pickled = pickle.dumps(before)
    config.write_text("no: mapping of ours")
    after: Settings = pickle.loads(pickled)
    assert dict(after) == dict(before)
    assert after.section(OwnSettings).threads == 3
    assert after.redis.url.get_secret_value() == "redis://:secret@there:1/0"
