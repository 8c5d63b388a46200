"""`baton models`: what it shows, what it asks for, and the exit status that a script sees."""

import json
from typing import Any

import httpx
import pytest

from tests.unit.cli.fake_gateway import FakeGateway, Run, context, events


def model(name: str, **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "status": "missing",
        "download": None,
        "size": None,
        "loaded": [],
        "default_for": [],
        "test_model": False,
    }
    return {"id": f"hearing/{name}", **usual, **more}


LOADED = {"device": "gpu-1", "memory_mib": 900, "worker": "hearing@host/7"}
MODELS = [
    model("tiny-test", status="present", size=2 * 1024 * 1024, test_model=True, loaded=[LOADED]),
    model("small", default_for=["hearing.cpu_model"]),
    model("large", status="downloading", download={"percent": 40}),
]


@pytest.fixture
def listing(gateway: FakeGateway) -> FakeGateway:
    gateway.on("GET /v1/models", {"object": "list", "data": MODELS})
    return gateway


def test_the_list_says_what_is_here_and_where_it_is_loaded(listing: FakeGateway, baton: Run) -> None:
    ran = baton("models")
    assert ran.exit_code == 0, ran.output
    rows = {line.split()[0]: line for line in ran.stdout.splitlines() if line.startswith("hearing/")}
    assert "present" in rows["hearing/tiny-test"]
    assert "2 MiB" in rows["hearing/tiny-test"]
    assert "gpu-1 (900 MiB)" in rows["hearing/tiny-test"]
    assert "tiny test model" in rows["hearing/tiny-test"]
    assert "default: hearing.cpu_model" in rows["hearing/small"]
    assert "downloading 40 %" in rows["hearing/large"]


def test_a_script_gets_json_of_the_one_that_it_names(listing: FakeGateway, baton: Run) -> None:
    ran = baton("models", "hearing/small", "--json")
    assert json.loads(ran.stdout) == [MODELS[1]]


@pytest.mark.parametrize(("status", "exit_status"), [("SUCCESS", 0), ("FAILED", 1)])
def test_a_download_is_followed_to_its_end(listing: FakeGateway, baton: Run, status: str, exit_status: int) -> None:
    accepted = {"task_id": "ep-1", "task_name": "hearing.download_model", "status": "PENDING"}
    listing.on("POST /v1/models/hearing/small/download", httpx.Response(202, json=accepted))
    listing.on("GET /v1/tasks/ep-1/events", events('event: signal\ndata: {"code": "task_complete"}'))
    listing.on("GET /v1/tasks/ep-1", context(status))
    assert baton("models", "hearing/small", "--download").exit_code == exit_status


def test_a_model_that_is_here_is_not_downloaded(listing: FakeGateway, baton: Run) -> None:
    listing.on("POST /v1/models/hearing/tiny-test/download", MODELS[0])
    ran = baton("models", "hearing/tiny-test", "--download")
    assert (ran.exit_code, "present" in ran.stdout) == (0, True)


@pytest.mark.parametrize(
    ("unloaded", "said"), [(True, "not loaded anywhere"), (False, "hearing@host/7 will unload it")]
)
def test_unloading_says_who_holds_it_still(listing: FakeGateway, baton: Run, unloaded: bool, said: str) -> None:
    answer = {"id": "hearing/tiny-test", "unloaded": unloaded, "asked": [LOADED]}
    listing.on("POST /v1/models/hearing/tiny-test/unload", answer)
    ran = baton("models", "hearing/tiny-test", "--unload")
    assert (ran.exit_code, said in ran.output) == (0, True)
    (asked,) = listing.requests_to("POST /v1/models/hearing/tiny-test/unload")
    assert asked.headers["Prefer"] == "wait=10"


@pytest.mark.parametrize("wrong", [("--download",), ("--unload",), ("hearing/small", "--download", "--unload")])
def test_what_makes_no_sense_is_refused(listing: FakeGateway, baton: Run, wrong: tuple[str, ...]) -> None:
    ran = baton("models", *wrong)
    assert ran.exit_code == 2
    assert not listing.requests
