"""Every Lua script has one typed stub, and a stub that differs from its script's header cannot be imported."""

from functools import partial

import pytest

from common.gpu import scripts as gpu_scripts
from common.state import task_scripts, work_scripts
from common.state.keys import Key
from common.state.scripts import SCRIPTS, header_signature, lua_script, script

STUB_MODULES = (task_scripts, work_scripts, gpu_scripts)


def names_of_scripts() -> set[str]:
    files = {str(file.relative_to(SCRIPTS).with_suffix("")) for file in SCRIPTS.rglob("*.lua")}
    return {name for name in files if not name.endswith("prelude")}


def test_every_script_has_one_stub() -> None:
    sources = [line for module in STUB_MODULES for line in open_lines(module.__file__)]
    stubs = [line.split('"')[1] for line in sources if line.startswith("@lua_script(")]
    assert sorted(stubs) == sorted(names_of_scripts())


def open_lines(file: str | None) -> list[str]:
    assert file
    with open(file) as lines:  # noqa: PTH123 - a module's own path is a string
        return lines.read().splitlines()


def test_a_call_has_keys_and_arguments_in_the_order_of_the_header() -> None:
    call = work_scripts.retake(lease_us=3, due_us=2, member="a", due=Key("outbox"))
    assert (call.keys, call.args, call.script) == (["outbox"], ["a", 2, 3], script("retake"))


def test_an_absent_optional_key_is_left_out_and_a_list_is_unpacked() -> None:
    store = partial(work_scripts.store_letter, letters=Key("letters"), letter="{}", most_kept=1, ttl_s=2, message=b"m")
    without, listed = store(), store(listed_in=Key("queue"))
    deleted = task_scripts.undo_edit(
        control=Key("c"), edits=Key("e"), events=Key("v"), events_kept=1, event_data="", fields=["1:text", "1:end"]
    )
    assert (without.keys, listed.keys) == (["letters"], ["letters", "queue"])
    assert deleted.args == [1, "", "1:text", "1:end"]


def test_swapped_arguments_are_refused_at_import() -> None:
    with pytest.raises(TypeError, match=r"does not match lua/retake\.lua"):

        @lua_script("retake")
        def retake(*, due: Key, member: str, lease_us: int, due_us: int) -> int:
            raise NotImplementedError


def test_a_key_among_the_arguments_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match=r"does not match lua/defer\.lua"):

        @lua_script("defer")
        def defer(*, due: str, member: str, delay_us: int) -> str:
            raise NotImplementedError


def test_a_header_names_each_parameter_of_its_script() -> None:
    keys, args = header_signature("finish")
    assert [key.name for key in keys][-1] == "message"
    assert [arg.name for arg in args][:3] == ["task_id", "status", "fence"]


@pytest.mark.parametrize("name", sorted(names_of_scripts()))
def test_a_script_uses_no_parameter_beyond_its_header(name: str) -> None:
    text = (SCRIPTS / f"{name}.lua").read_text()
    keys, args = header_signature(name)
    for word, parameters in (("KEYS", keys), ("ARGV", args)):
        used = {int(part.split("]")[0]) for part in text.split(f"{word}[")[1:] if part.split("]")[0].isdigit()}
        assert not used or max(used) <= len(parameters) or any(each.variadic for each in parameters)
