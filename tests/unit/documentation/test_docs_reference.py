"""The reference is what `make docs` writes from the code as it is."""

import pytest

from docs.writer.__main__ import FOLDER, pages


def committed() -> dict[str, str]:
    return {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.md")}


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return dict(pages())


def test_there_is_every_page_and_no_other(written: dict[str, str]) -> None:
    assert committed().keys() == written.keys(), "run `make docs`"


@pytest.mark.parametrize("name", sorted(committed()))
def test_writing_a_page_again_changes_nothing(name: str, written: dict[str, str]) -> None:
    assert committed()[name] == written.get(name), "run `make docs`"
