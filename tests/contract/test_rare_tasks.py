"""A page of a rare kind of task costs Redis as much as the tasks on it, however many others there are."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Stack

OTHERS, RARE, LIMIT = 1_500, 3, 50


@pytest.fixture(scope="module")
def crowded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Rare tasks, older than many others; no worker."""
    with Stack(tmp_path_factory.mktemp("crowded")) as stack:
        stack.gateway()
        for number in range(RARE):
            stack.submit("testing.fail", task_id=f"rare-{number}")
        stack.http.post("/v1/tasks/rare-0/cancel").raise_for_status()
        for _ in range(OTHERS):
            stack.submit("testing.echo")
        yield stack


def records_read(stack: Stack, query: str) -> tuple[list[str], int]:
    """Return the ids on a page, and how many records Redis read for it."""
    stack.redis.client.config_resetstat()
    answer = stack.http.get(f"/v1/tasks?{query}")
    assert answer.status_code == 200, answer.text
    calls = stack.redis.client.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]
    return [task["task_id"] for task in answer.json()["tasks"]], calls


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("task_name=testing.fail", ["rare-2", "rare-1", "rare-0"]),
        ("task_name=testing.fail&status=PENDING", ["rare-2", "rare-1"]),
        ("task_name=testing.fail&status=CANCELLED", ["rare-0"]),
        ("task_name=testing.echo&status=CANCELLED", []),
        ("task_name=testing.none", []),
    ],
)
def test_only_the_records_on_the_page_are_read(crowded_stack: Stack, query: str, found: list[str]) -> None:
    ids, read = records_read(crowded_stack, f"{query}&limit={LIMIT}")
    assert ids == found
    assert read <= len(found) + 2  # the monitor's own


def test_a_plain_page_costs_what_is_on_it(crowded_stack: Stack) -> None:
    ids, read = records_read(crowded_stack, f"limit={LIMIT}")
    assert len(ids) == LIMIT
    assert read <= LIMIT + 2
