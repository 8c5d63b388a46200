"""The reference is what `make docs` writes from the code as it is."""

import pytest

from docs.writer.__main__ import FOLDER, pages


def read_committed() -> dict[str, str]:
    return {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.md")}


@pytest.fixture(scope="module")
def generated_pages() -> dict[str, str]:
    return dict(pages())


def test_there_is_every_page_and_no_other(generated_pages: dict[str, str]) -> None:
    assert read_committed().keys() == generated_pages.keys(), "run `make docs`"


@pytest.mark.parametrize("name", sorted(read_committed()))
def test_writing_a_page_again_changes_nothing(name: str, generated_pages: dict[str, str]) -> None:
    assert read_committed()[name] == generated_pages.get(name), "run `make docs`"
