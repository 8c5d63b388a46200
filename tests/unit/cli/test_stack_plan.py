"""What the local stack is made of, and how supervisord is told."""

import socket
import stat
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from supervisor.options import ServerOptions

from cli.errors import PortInUse, StateDirUnusable
from cli.stack.folder import StateDir
from cli.stack.plan import LOOPBACK, Plan, StackProgram, free_port
from cli.stack.supervisord import render


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_odd_paths_are_read_back(tmp_path: Path) -> None:
    state_dir = StateDir(tmp_path / "5% &")
    state_dir.prepare()
    command = ["/bin/echo", "100%", "two words", "a;b"]
    state_dir.config.write_text(render(state_dir, [StackProgram("gateway", command, order=20)]), encoding="utf-8")
    options = ServerOptions()
    options.realize(["-c", str(state_dir.config)])
    (group,) = options.process_group_configs
    (process,) = group.process_configs
    assert process.name == "gateway"
    assert process.command == StackProgram("gateway", command, order=20).command_line
    assert process.autorestart
    assert not process.stopasgroup, "a task may finish: the worker itself ends its children"
    assert process.killasgroup
    assert process.stdout_logfile == str(state_dir.log_of("gateway"))


def test_the_workers_stop_together_and_before_what_they_need(tmp_path: Path) -> None:
    state_dir = StateDir(tmp_path)
    state_dir.prepare()
    state_dir.config.write_text(render(state_dir, Plan(state_dir, tmp_path / "share").programs()), encoding="utf-8")
    options = ServerOptions()
    options.realize(["-c", str(state_dir.config)])
    *before, workers = sorted(options.process_group_configs, key=lambda group: group.priority)
    assert [[process.name for process in group.process_configs] for group in before] == [["redis"], ["gateway"]]
    assert {"worker-ffmpeg", "worker-subtitle"} <= {process.name for process in workers.process_configs}


def test_the_secret_is_private_stable_and_fit_for_standard_webhooks(tmp_path: Path) -> None:
    state_dir = StateDir(tmp_path)
    secret = state_dir.callback_secret()
    assert secret == StateDir(tmp_path).callback_secret()
    assert mode(tmp_path / "callback-secret") == 0o600
    Webhook(secret)


def test_the_folders_are_private(tmp_path: Path) -> None:
    plan = Plan(StateDir(tmp_path / "state"), tmp_path / "share")
    plan.prepare()
    assert mode(plan.state_dir.root) == 0o700
    assert mode(plan.state_dir.redis_config) == 0o600


def test_a_path_too_long_for_a_socket_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(StateDirUnusable, match="--state-dir"):
        StateDir(tmp_path / ("deep" * 30)).prepare()


def test_there_is_redis_a_gateway_and_one_worker_for_each_service_with_tasks(tmp_path: Path) -> None:
    names = [program.name for program in Plan(StateDir(tmp_path), tmp_path).programs()]
    assert names[:2] == ["redis", "gateway"]
    assert "worker-ffmpeg" in names


def test_with_an_external_redis_none_is_started(tmp_path: Path) -> None:
    plan = Plan(StateDir(tmp_path), tmp_path, external_redis="redis://elsewhere/0")
    assert "redis" not in [program.name for program in plan.programs()]
    assert plan.environment["BATON_REDIS__URL"] == "redis://elsewhere/0"


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"{port}.*--port"):
            Plan(StateDir(tmp_path), tmp_path, port=port).require_free_port()


def test_a_free_port_can_be_used(tmp_path: Path) -> None:
    Plan(StateDir(tmp_path), tmp_path, port=free_port()).require_free_port()


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_clients_of_this_machine_find_the_gateway(tmp_path: Path, host: str, url: str) -> None:
    assert Plan(StateDir(tmp_path), tmp_path, host=host, port=80).url == url
