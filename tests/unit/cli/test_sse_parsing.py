"""Reading server-sent events."""

from cli.sse import Event, parse


def read(stream: str) -> list[Event]:
    return list(parse(stream.splitlines()))


def test_an_event_has_a_name_data_and_an_id() -> None:
    assert read('id: 5-0\nevent: progress\ndata: {"percent": 1}\n\n') == [Event("progress", {"percent": 1}, "5-0")]


def test_several_data_lines_are_one_text() -> None:
    assert read('data: {"a":\ndata: 1}\n\n') == [Event("message", {"a": 1})]


def test_comments_and_events_without_data_are_passed_over() -> None:
    assert read(": hello\n\nevent: nothing\n\nevent: ping\ndata: {}\n\n") == [Event("ping", {})]


def test_an_event_that_the_stream_breaks_off_is_dropped() -> None:
    assert read('event: progress\ndata: {"percent": 1}') == []


def test_a_space_after_the_colon_is_optional() -> None:
    assert read('event:ping\ndata:{"ts": 1}\n\n') == [Event("ping", {"ts": 1})]
