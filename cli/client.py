"""The gateway's HTTP interface as used by the command line: nothing that another client could not do."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote

import httpx

from cli.errors import GatewayUnreachable, Refused
from cli.schema import JsonSchema
from cli.sse import Event, parse

API_KEY_HEADER = "X-API-Key"
PING_SECONDS = 10.0
UNLOAD_SECONDS = 10
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(PING_SECONDS * 3, connect=5.0)
UPLOAD_TIMEOUT = httpx.Timeout(None, connect=5.0)

Json = dict[str, Any]


class Client:
    """One gateway. Closes its connections on exit."""

    def __init__(self, url: str, api_key: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {API_KEY_HEADER: api_key} if api_key else {}
        # trust_env: a proxy from the environment would intercept requests to this machine
        self.http = httpx.Client(
            base_url=self.url, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def submit(self, task: Json, wait: float | None = None) -> Json:
        headers = {"Prefer": f"wait={wait:g}"} if wait else {}
        timeout = httpx.Timeout((wait or 0) + 30.0, connect=5.0)
        return self.call("POST", "/v1/tasks", json=task, headers=headers, timeout=timeout)

    def task(self, task_id: str) -> Json:
        return self.call("GET", task_path(task_id))

    def tasks(self, **filters: str | int | None) -> Json:
        return self.call("GET", "/v1/tasks", params={key: value for key, value in filters.items() if value is not None})

    def wait_reason(self, task_id: str) -> Json:
        return self.call("GET", f"{task_path(task_id)}/wait-reason")

    def cancel(self, task_id: str) -> Json:
        return self.call("POST", f"{task_path(task_id)}/cancel")

    def models(self) -> list[Json]:
        return list(self.call("GET", "/v1/models")["data"])

    def download_model(self, model: str) -> Json:
        """Return the task that downloads the model, or the model if it is already there."""
        return self.call("POST", f"/v1/models/{quote(model)}/download")

    def unload_model(self, model: str) -> Json:
        return self.call("POST", f"/v1/models/{quote(model)}/unload", headers={"Prefer": f"wait={UNLOAD_SECONDS}"})

    def catalog(self) -> dict[str, Json]:
        """Return every task by name."""
        return {task["task_name"]: task for task in self.call("GET", "/v1/catalog")["tasks"]}

    def input_schema(self, task_name: str) -> JsonSchema:
        """Return the JSON Schema of a task's input; empty for an unknown task, which the gateway will report."""
        return dict(self.catalog().get(task_name, {}).get("input_schema", {}))

    def upload(self, file: IO[bytes], name: str) -> Json:
        return self.call("POST", "/v1/files", files={"file": (name, file)}, timeout=UPLOAD_TIMEOUT)

    def download(self, url: str, to: Path, on_bytes: Callable[[int], object] = lambda _: None) -> None:
        """Download a path of the gateway to `to`, which appears only when it is complete."""
        partial = to.with_name(f".{to.name}.partial")
        with self.stream("GET", url, timeout=TIMEOUT) as response, partial.open("wb") as file:
            for block in response.iter_bytes():
                on_bytes(file.write(block))
        partial.replace(to)

    @contextmanager
    def events(self, task_id: str, last_event_id: str | None = None) -> Iterator[Iterator[Event]]:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        with self.stream("GET", f"{task_path(task_id)}/events", headers=headers, timeout=STREAM_TIMEOUT) as response:
            yield parse(response.iter_lines())

    def ready(self) -> tuple[bool, Json]:
        """Return whether the gateway is ready, and the state of its parts."""
        with translate_connection_errors(self.url):
            response = self.http.get("/health/ready")
        return response.is_success, body_of(response)

    def call(self, method: str, path: str, **options: Any) -> Json:
        """Send one request and return its JSON.

        Raises:
            Refused: the gateway answered with a problem.
            GatewayUnreachable: there was no answer.
        """
        with translate_connection_errors(self.url):
            response = self.http.request(method, path, **options)
        return check_response(response)

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        with translate_connection_errors(self.url), self.http.stream(method, path, **options) as response:
            if not response.is_success:
                response.read()
                check_response(response)
            yield response


def task_path(task_id: str) -> str:
    return f"/v1/tasks/{quote(task_id, safe='')}"


@contextmanager
def translate_connection_errors(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise GatewayUnreachable(f"No gateway answers at {url}.") from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise GatewayUnreachable(f"The connection to {url} broke: {error or type(error).__name__}.") from error


def check_response(response: httpx.Response) -> Json:
    if not response.is_success:
        raise Refused(response.status_code, body_of(response))
    return body_of(response)


def body_of(response: httpx.Response) -> Json:
    try:
        body = response.json()
    except ValueError:
        return {"title": response.reason_phrase, "detail": response.text[:500]} if response.text else {}
    return dict(body) if isinstance(body, Mapping) else {"items": body}
