"""How a chat completions server answers, well and badly. The name of a model selects a behaviour."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
PROMPT_TOKENS, COMPLETION_TOKENS = 10, 5


@dataclass(frozen=True)
class Reply:
    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """The whole body, if it is not a completion."""
    cut: bool = False
    """Close the connection in the middle of the body."""
    drip: bool = False
    """Send a byte at a time and never finish."""
    finish: str = "stop"


Behaviour = Callable[[Json, int], Reply]
"""Function of the request and its number, which counts from 1 for each model."""


def user_json(request: Json) -> Json:
    """Return the JSON content of the user's first message."""
    shown: Json = json.loads(request["messages"][1]["content"])
    return shown


def lines_of(request: Json) -> list[Json]:
    lines: list[Json] = user_json(request)["lines"]
    return lines


def answer(lines: list[Json]) -> Reply:
    return Reply(json.dumps({"lines": lines}))


def uppercase_lines(request: Json) -> list[Json]:
    return [{"id": line["id"], "text": line["text"].upper()} for line in lines_of(request)]


def good(request: Json, _: int) -> Reply:
    return answer(uppercase_lines(request))


def first(bad: Callable[[Json], Reply], times: int = 1) -> Behaviour:
    """Answer the first requests with `bad` and the others correctly."""
    return lambda request, number: bad(request) if number <= times else good(request, number)


def obedient(request: Json, _: int) -> Reply:
    """Obey an instruction in a subtitle, as a model without protection would."""
    told = any("ignore" in line["text"].lower() for line in lines_of(request))
    return answer([] if told else uppercase_lines(request))


def summary(request: Json, _: int) -> Reply:
    if "parts" in user_json(request):
        return Reply(json.dumps({"summary": f"{len(user_json(request)['parts'])} parts"}))
    marks = [{"line": line["id"], "title": line["text"]} for line in lines_of(request)[::2]]
    return Reply(json.dumps({"summary": "a part", "chapters": marks}))


def schemaless(request: Json, number: int) -> Reply:
    if "response_format" in request:
        return Reply(status=400, raw=b'{"error": {"message": "response_format: this type is unavailable"}}')
    return good(request, number)


def newer(request: Json, _: int) -> Reply:
    if "max_tokens" in request:
        told = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        return Reply(status=400, raw=json.dumps({"error": {"message": told}}).encode())
    return Reply(str(request["max_completion_tokens"]))


def refused(message: str, *, status: int = 400, **error: str) -> Reply:
    return Reply(status=status, raw=json.dumps({"error": {"message": message, **error}}).encode())


def completed(**message: Any) -> Reply:
    """Return a completion whose message has these fields."""
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": "stop"}
    return Reply(raw=json.dumps({"choices": [choice]}).encode())


def streamed(content: str) -> Reply:
    """Return an answer as server-sent events, with the token counts at its end."""
    deltas: list[Json] = [
        {"choices": [{"index": 0, "delta": {"content": content[at : at + 40]}, "finish_reason": None}]}
        for at in range(0, len(content), 40)
    ]
    used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": 15}
    end: Json = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = "".join(f"data: {json.dumps(event)}\n\n" for event in [*deltas, end, {"choices": [], "usage": used}])
    return Reply(raw=f"{events}data: [DONE]\n\n".encode(), headers={"Content-Type": "text/event-stream"})


def refuse_if(condition: Callable[[Json], object], refusal: Reply) -> Behaviour:
    """Refuse some requests, and answer the others correctly."""
    return lambda request, number: refusal if condition(request) else good(request, number)


def good_text(request: Json) -> str:
    return answer(uppercase_lines(request)).content


def has_word(word: str) -> Callable[[Json], bool]:
    return lambda request: word in request["messages"][-1]["content"]


def of_user(request: Json) -> Json:
    """Return the JSON content of the only message, in which instructions precede it."""
    text = request["messages"][0]["content"]
    shown: Json = json.loads(text[text.index('{"before"') :])
    return shown


def without_system(request: Json, number: int) -> Reply:
    if any(message["role"] == "system" for message in request["messages"]):
        return refused("Developer instruction is not enabled for models/gemma-3-27b-it")
    return answer([{"id": line["id"], "text": line["text"].upper()} for line in of_user(request)["lines"]])


def stream_only(request: Json, _: int) -> Reply:
    return streamed(good_text(request))


def stream_on_request(request: Json, _: int) -> Reply:
    if not request.get("stream"):
        return refused("This model only support stream mode, please enable the stream parameter.")
    return streamed(good_text(request))


def with_upper_text(request: Json, _: int) -> Reply:
    """Answer in capital letters; tags stay as they are."""
    parts = {line["id"]: re.split(r"(<[^<>]+>)", line["text"]) for line in lines_of(request)}
    texts = {number: "".join(p if p.startswith("<") else p.upper() for p in found) for number, found in parts.items()}
    return answer([{"id": number, "text": text} for number, text in texts.items()])


def without_inner_tags(request: Json, _: int) -> Reply:
    return answer([{**line, "text": re.sub(r"<[^>]+>", "", line["text"])} for line in uppercase_lines(request)])


def as_long_as_allowed(request: Json, _: int) -> Reply:
    """Answer with long lines, and with short ones when asked to shorten them."""
    asked_again = len(request["messages"]) > 2
    texts = {line["id"]: "word " * (2 if asked_again else 20) for line in lines_of(request)}
    return answer([{"id": number, "text": text} for number, text in texts.items()])


FILTERED = refused("The response was filtered: content management policy.", code="content_filter")
LONG = refused("This model's maximum context length is 1024 tokens.", code="context_length_exceeded")
TOLERATED: dict[str, Behaviour] = {
    "trailing_comma": lambda request, _: Reply(good_text(request)[:-2] + ",]}"),
    "single_quotes": lambda request, _: Reply(str({"lines": uppercase_lines(request)})),
    "bare_list": lambda request, _: Reply(json.dumps(uppercase_lines(request))),
    "other_name": lambda request, _: Reply(json.dumps({"translations": uppercase_lines(request)})),
    "id_map": lambda request, _: Reply(
        json.dumps({str(line["id"]): line["text"] for line in uppercase_lines(request)})
    ),
    "text_ids": lambda request, _: answer([{**line, "id": str(line["id"])} for line in uppercase_lines(request)]),
    "more_fields": lambda request, _: answer([{**line, "note": "a pun"} for line in uppercase_lines(request)]),
    "duplicate": lambda request, _: answer([*uppercase_lines(request), uppercase_lines(request)[-1]]),
    "unopened_reasoning": lambda request, _: Reply('I see {"lines": []} first.\n</think>\n' + good_text(request)),
    "harmony": lambda request, _: Reply(
        "<|channel|>analysis<|message|>Well {<|end|><|start|>assistant<|channel|>final<|message|>" + good_text(request)
    ),
    "reasoning_field": lambda request, _: completed(reasoning_content=good_text(request)),
    "parts": lambda request, _: completed(content=[{"type": "text", "text": good_text(request)}]),
    "no_system": without_system,
    "schemaless422": refuse_if(
        lambda request: "response_format" in request,
        Reply(
            status=422, raw=b'{"detail": [{"loc": ["body", "response_format"], "msg": "extra fields not permitted"}]}'
        ),
    ),
    "no_temperature": refuse_if(
        lambda request: "temperature" in request,
        refused("Unsupported value: 'temperature' does not support 0.3. Only the default (1) value is supported."),
    ),
    "stream_only": stream_only,
    "stream_on_request": stream_on_request,
    "small_context": refuse_if(lambda request: len(lines_of(request)) > 2, LONG),
    "small_answer": refuse_if(lambda request: len(lines_of(request)) > 2, Reply('{"lines": [{"id', finish="length")),
}
"""Peculiar servers and models with which every line is translated."""
USELESS: dict[str, Behaviour] = {
    "refusing_words": lambda _request, _number: Reply("I'm sorry, but I can't assist with that request."),
    "refusal": lambda _request, _number: completed(refusal="I can't help with that."),
    "filtered": lambda _request, _number: Reply(finish="content_filter"),
    "filtered400": lambda _request, _number: FILTERED,
    "no_choices": lambda _request, _number: Reply(raw=b'{"choices": []}'),
    "echo": lambda request, _: answer(lines_of(request)),
}
"""Answers that contain no translation, under a status of success or as a content filter's refusal."""
ODD = [
    b'{"choices": null}',
    b'{"choices": []}',
    b'{"choices": [null]}',
    b'{"choices": {"a": 1}}',
    b'{"choices": [{"message": {"content": ["a"]}}], "usage": {"prompt_tokens": "many"}}',
    b'{"choices": [{"message": {"content": null, "refusal": "I will not."}}]}',
    b'{"choices": [{"message": {"content": "\\ud800 half"}}]}',
    b"[]",
    b'"text"',
]
BUSY = Reply(status=429, headers={"Retry-After": "0"}, raw=b'{"error": {"message": "slow down"}}')
BEHAVIOURS: dict[str, Behaviour] = {
    **TOLERATED,
    **USELESS,
    "error_in_200": lambda _request, _number: Reply(raw=b'{"error": {"message": "model overloaded", "code": 503}}'),
    "no_credit": lambda _request, _number: refused("Check your plan.", status=429, code="insufficient_quota"),
    "one_filtered": refuse_if(has_word("profane"), FILTERED),
    "upper_text": with_upper_text,
    "tagless": without_inner_tags,
    "long_then_short": as_long_as_allowed,
    "thoughtful": lambda _request, _number: Reply("<think>What now?</think>\n\nHello."),
    "good": good,
    "fewer": lambda request, _: answer(uppercase_lines(request)[:-1]),
    "more": lambda request, _: answer([*uppercase_lines(request), {"id": 999, "text": "one more"}]),
    "twice": lambda request, _: answer(uppercase_lines(request) * 2),
    "reordered": lambda request, _: answer(uppercase_lines(request)[::-1]),
    "blank": lambda request, _: answer([{**line, "text": " "} for line in uppercase_lines(request)]),
    "silent": lambda _request, _number: Reply(""),
    "prose": lambda _request, _number: Reply("Sure! Here are your subtitles."),
    "html": lambda _request, _number: Reply(raw=b"<html>a proxy</html>", headers={"Content-Type": "text/html"}),
    "fenced": lambda request, _: Reply(
        f"<think>{{hm}}</think>```json\n{answer(uppercase_lines(request)).content}\n```"
    ),
    "talkative": lambda request, _: answer([{**line, "text": "word " * 1_000} for line in uppercase_lines(request)]),
    "once_prose": first(lambda _: Reply("Sure!")),
    "once_fewer": first(lambda request: answer(uppercase_lines(request)[1:])),
    "busy": first(lambda _: BUSY, 2),
    "always_busy": lambda _request, _number: BUSY,
    "long_busy": lambda _request, _number: Reply(status=429, headers={"Retry-After": "7200"}, raw=b"{}"),
    "broken": first(lambda _: Reply(status=500, raw=b"oops"), 2),
    "cut": first(lambda request: Reply(answer(uppercase_lines(request)).content, cut=True)),
    "huge": lambda _request, _number: Reply("x" * 2_000_000),
    "refuses": lambda _request, _number: Reply(status=400, raw=b'{"error": {"message": "too many tokens"}}'),
    "keyless": lambda _request, _number: Reply(
        status=401, raw=json.dumps({"error": {"message": "bad sk-secret"}}).encode()
    ),
    "unknown": lambda _request, _number: Reply(status=404, raw=b'{"error": {"message": "no such model"}}'),
    "schemaless": schemaless,
    "newer": newer,
    "odd": lambda _, number: Reply(raw=ODD[number % len(ODD)]),
    "half": lambda _request, _number: Reply("half \ud800"),
    "drip": lambda _request, _number: Reply("no end", drip=True),
    "obedient": obedient,
    "summary": summary,
    "lost_chapters": lambda _request, _number: Reply(
        json.dumps({"summary": "short", "chapters": [{"line": 777, "title": "nowhere"}]})
    ),
    "chat": lambda request, _: Reply(request["messages"][-1]["content"][::-1]),
}
