"""How the processes start that run tasks: spawned where a GPU is used, else forked."""

import pickle

import pytest

from common.worker.app import WorkerApp, create_worker
from common.worker.task import REGISTRY
from services import settings
from tests.support.testing_service import ECHO, HOLD


def worker(**gpu: str) -> WorkerApp:
    return create_worker(settings(gpu=gpu), "testing")


def test_a_service_that_needs_a_gpu_spawns() -> None:
    assert worker().conf.worker_pool_start_method == "spawn"


def test_a_service_without_one_forks_unless_it_is_given_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, registered in tuple(REGISTRY.items()):
        if registered.contract.needs_gpu:
            monkeypatch.delitem(REGISTRY, name)
    assert worker().conf.worker_pool_start_method == "fork"
    assert worker(device="nvidia").conf.worker_pool_start_method == "spawn"


def test_the_setting_has_the_last_word() -> None:
    app = create_worker(settings(worker={"start_method": "fork"}), "testing")
    assert app.conf.worker_pool_start_method == "fork"


def test_a_spawned_child_makes_the_same_app_with_nothing_that_was_open() -> None:
    app = worker()
    app.held = app.process
    child: WorkerApp = pickle.loads(pickle.dumps(app))
    assert child.held is None
    assert (child.service, dict(child.settings)) == (app.service, dict(app.settings))
    assert {ECHO.name, HOLD.name} <= child.tasks.keys()
