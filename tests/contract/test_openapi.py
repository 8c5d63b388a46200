"""The OpenAPI document says what the gateway does: schemathesis holds the one to the other, with all its checks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_gateway.app import create_app
from api_gateway.http.auth import key_hash
from services import catalog, settings
from tests.contract.schemathesis_hooks import MEDIA_FILES
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

CONFIG = Path(__file__).with_name("schemathesis.toml")
KEY = "a key of the test"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

IN_OPENAI_SHAPE = {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(settings(), catalog()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_error_is_documented_as_a_problem_and_nothing_else(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        errors = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        if name == "GET /health/ready":
            assert set(errors) == {"503"}  # a probe tells what is missing, in the form of its success
            continue
        form = IN_OPENAI_SHAPE if name.startswith(("POST /v1/audio/", "GET /v1/models/{name}")) else PROBLEM
        assert all(answer["content"] == form for answer in errors.values()), name
        if not name.startswith("GET /health"):
            assert {"401", "503"} <= set(errors), name
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_headers_of_answers_are_documented(document: dict[str, Any]) -> None:
    answers = document["paths"]["/v1/tasks"]["post"]["responses"]
    named = {status: set(answer.get("headers", ())) for status, answer in answers.items()}
    assert named["200"] == named["202"] == {"Location"}
    assert named["401"] == {"WWW-Authenticate"}
    assert named["429"] == named["503"] == {"Retry-After"}


def test_a_submission_is_a_union_told_apart_by_the_task_name(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/tasks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["discriminator"]["propertyName"] == "task_name"
    assert set(body["discriminator"]["mapping"]) == set(catalog())
    assert len(body["oneOf"]) == len(catalog())
    name = body["discriminator"]["mapping"]["ffmpeg.extract_audio"].rpartition("/")[2]
    typed = document["components"]["schemas"][name]["properties"]["input_data"]["$ref"].rpartition("/")[2]
    assert "video_path" in document["components"]["schemas"][typed]["properties"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        assert place


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (value[key] for key in ("$ref", "operationRef") if isinstance(value.get(key), str))
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


@pytest.fixture(scope="module")
def real_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The gateway as it is run, with its own catalog, and workers that find at once that the files are no media."""
    with Stack(
        tmp_path_factory.mktemp("real"),
        BATON_AUTH__API_KEYS=f'["{key_hash(KEY)}"]',
        BATON_GATEWAY__SSE_PING="1",
        BATON_MODELS__OFFLINE="true",
    ) as real:
        real.spawn("api_gateway", "gateway", {})
        real.worker("ffmpeg")
        real.worker("faster_whisper")
        wait_until(real.is_ready)
        for file in MEDIA_FILES:
            (real.share / file.removeprefix("/share/")).write_bytes(b"no film")
        yield real


@pytest.mark.timeout(600)  # some thousand requests
def test_schemathesis_finds_nothing_that_the_document_does_not_say(real_stack: Stack) -> None:
    url = f"http://127.0.0.1:{real_stack.port}/openapi.json"
    command = ["schemathesis.cli", "--config-file", str(CONFIG), "run", url, "--no-color", "--max-examples", "5"]
    found = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"\b(\d{4,}) generated, \1 passed", found.stdout), found.stdout
    assert "Traceback" not in real_stack.read_log("gateway")
