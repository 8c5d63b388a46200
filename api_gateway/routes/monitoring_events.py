"""The whole system, live: a snapshot each second, and every status change of a task as it happens."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from api_gateway.dependencies import Held
from api_gateway.http.problems import error_responses
from api_gateway.http.sse import STREAM_ID, documented_stream, endless_stream, sse_response
from api_gateway.http.stream_limits import ClientId
from api_gateway.monitor.snapshots import KIND
from common.errors import InvalidInput, TooManyStreams
from common.state.events import EVERY_TASK

EVENTS = documented_stream(
    "`snapshot`, at once and then every second: `at`, `counts`, `running`, `locks`, `queues`, `workers`, `devices` and "
    "`health`, as in the other monitoring routes. In between, as it happens, `task` with `task_id` and `status` "
    "for each task that was created, started, ended, became pending again or, with null, was removed. It has no end.",
    (KIND, "task"),
    without_id="`ping` and all snapshots except the first",
)
router = APIRouter(prefix="/monitoring", tags=["monitoring"])


@router.get(
    "/events",
    summary="Follow the whole system live (SSE)",
    response_class=Response,
    responses={200: EVENTS, **error_responses(InvalidInput, TooManyStreams)},
)
async def follow(
    gateway: Held, client: ClientId, last_event_id: Annotated[str, Header(pattern=STREAM_ID)] = ""
) -> Response:
    frames = endless_stream(gateway.hub, EVERY_TASK, KIND, gateway.snapshots.latest, last_event_id)
    return sse_response(gateway.settings.gateway, gateway.stream_limits.count_stream(EVERY_TASK, client), frames)
