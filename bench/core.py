"""The task pipeline compared with plain Celery, in one run on one machine: `make bench-core`.

Baton validates, deduplicates and records a task before it responds, and publishes it afterwards. The plain way
(bench/plain.py) is a `def` route that calls `task.delay()`. Rounds alternate, so that noise affects both alike.
"""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from typing import Any

import psutil
from celery import Celery
from celery.result import AsyncResult

from bench.ours import BODY, ENDS, NOOP
from bench.result import keep
from bench.rig import ROOT, Load, Rig, middle, percentile, raise_file_limit, wait_for
from tests.support.ports import free_port

CONNECTIONS = 32
WAITING_ROUNDS, WAITING_COUNT = 5, 2_000
RUNNING_ROUNDS, RUNNING_COUNT = 3, 1_000
ONE_BY_ONE_ROUNDS, ONE_BY_ONE, REST_S = 4, 100, 0.01
COUNTED = 200
DEPTH_ROUNDS, DEEP, DEPTH_SAMPLE = 3, 10_000, 300
CLIENTS, EVENTS_PER_S, LISTENED_S = 1_000, 4, 8.0
LIMITS = {f"BATON_GATEWAY__SSE_{limit}": str(2 * CLIENTS) for limit in ("PER_TASK", "PER_CLIENT", "TOTAL")}
SUBMISSION = {"task_name": NOOP.name, "input_data": BODY}
PLAIN = {"input_data": BODY}

Table = dict[str, Any]


class Bench:
    """The rig with both gateways running; each method measures one thing."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.redis = rig.client
        self.results = Celery("plain", backend=rig.url)
        self.ours, self.plain = free_port(), free_port()
        self.clients = {port: Client(port) for port in (self.ours, self.plain)}
        self.gateway = rig.python("bench.ours", "gateway", BATON_GATEWAY__PORT=str(self.ours), **LIMITS)
        rig.python("bench.plain", str(self.plain))
        wait_for(lambda: answers(self.ours, "/health/ready") and answers(self.plain, "/docs"))

    def start_workers(self) -> None:
        self.rig.python("bench.ours", "worker")
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        self.rig.python("celery", "--app=bench.plain:celery", "--quiet", "worker", "--concurrency=1", *quiet)
        for port, path, body in ((self.ours, "/v1/tasks", SUBMISSION), (self.plain, "/tasks", PLAIN)):
            self.time_start(port, path, body)

    # ---- submission ----

    def submit_ours(self, count: int, connections: int = CONNECTIONS) -> Load:
        return self.rig.load(self.ours, "/v1/tasks", SUBMISSION, connections=connections, count=count)

    def submit_plain(self, count: int) -> Load:
        return self.rig.load(self.plain, "/tasks", PLAIN, connections=CONNECTIONS, count=count)

    def submission(self, rounds: int, count: int, settle: Callable[[int], None]) -> Table:
        """Submit in alternating rounds; `settle` waits until a round's tasks are processed or discarded."""
        self.submit_ours(200), self.submit_plain(200)
        settle(400)
        ours, plain, published = [], [], []
        for _ in range(rounds):
            began = monotonic()
            ours.append(self.submit_ours(count))
            wait_for(lambda: not self.redis.zcard("tasks:dispatch"), every=0.01)
            published.append(count / (monotonic() - began))
            settle(count)
            plain.append(self.submit_plain(count))
            settle(count)
        return {"ours": {**middle(ours), "published_per_s": median(published)}, "plain": middle(plain)}

    def forget(self, _count: int) -> None:
        self.rig.flush()

    def drain(self, count: int) -> None:
        """Wait until the workers have run `count` tasks."""
        wait_for(lambda: self.redis.llen(ENDS) >= count)
        self.rig.flush()

    def depth(self) -> Table:
        """Compare the cost of a submission to an empty queue and behind 10,000 waiting tasks."""
        found: dict[str, list[Load]] = {"10th": [], "10,000th": []}
        redis_us: dict[str, list[float]] = {"10th": [], "10,000th": []}
        for _ in range(DEPTH_ROUNDS):
            self.rig.flush()
            for (place, rounds), waiting in zip(found.items(), (10, DEEP - DEPTH_SAMPLE - 10), strict=True):
                self.submit_ours(waiting)
                wait_for(lambda: not self.redis.zcard("tasks:dispatch"))
                self.redis.config_resetstat()
                rounds.append(self.submit_ours(DEPTH_SAMPLE, 1))
                redis_us[place].append(self.redis.info("commandstats")["cmdstat_evalsha"]["usec_per_call"])
        self.rig.flush()
        return {
            place: {"p50_ms": min(load.p50 for load in rounds) * 1000, "redis_us": min(redis_us[place])}
            for place, rounds in found.items()
        }

    # ---- end to end ----

    def end_to_end(self) -> Table:
        """Run tasks one by one; measure from the POST to the function's end, and until a client has the result.

        `rested` pauses after each task, to measure an idle system; without it, the next POST competes with recording
        the end of the previous task.
        """
        ways: dict[str, Callable[[], float]] = {
            "ours rested": lambda: self.time_start(self.ours, "/v1/tasks", SUBMISSION),
            "plain rested": lambda: self.time_start(self.plain, "/tasks", PLAIN),
            "ours": lambda: self.time_start(self.ours, "/v1/tasks", SUBMISSION),
            "plain": lambda: self.time_start(self.plain, "/tasks", PLAIN),
            "ours known": self.time_answer,
            "plain known": self.time_result,
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ONE_BY_ONE_ROUNDS):
            for name, way in ways.items():
                for _ in range(ONE_BY_ONE):
                    found[name].append(way())
                    Event().wait(REST_S if name.endswith("rested") else 0)
        self.rig.flush()
        return {
            name: {"p50_ms": percentile(v, 50) * 1000, "p99_ms": percentile(v, 99) * 1000} for name, v in found.items()
        }

    def time_start(self, port: int, path: str, body: Table) -> float:
        sent_at = monotonic()
        self.clients[port].post(path, body)
        return self.end_of_one() - sent_at

    def end_of_one(self) -> float:
        """Return when the next task's function ended."""
        popped = self.redis.blpop(ENDS, timeout=30)
        return float(popped[1])

    def time_answer(self) -> float:
        sent_at = monotonic()
        self.clients[self.ours].post("/v1/tasks", SUBMISSION, Prefer="wait=30")
        known_at = monotonic()
        self.end_of_one()
        return known_at - sent_at

    def time_result(self) -> float:
        sent_at = monotonic()
        AsyncResult(self.clients[self.plain].post("/kept", PLAIN)["task_id"], app=self.results).get(timeout=30)
        known_at = monotonic()
        self.end_of_one()
        return known_at - sent_at

    # ---- Redis commands ----

    def commands(self) -> Table:
        """Count the Redis commands per task, minus those of an idle system in the same time."""
        return {
            "ours": self.commands_of(lambda: self.submit_ours(COUNTED)),
            "plain": self.commands_of(lambda: self.submit_plain(COUNTED)),
        }

    def commands_of(self, submit: Callable[[], object]) -> Table:
        idle_s = 3.0
        before = self.stats()
        Event().wait(idle_s)
        idle = self.stats() - before
        self.redis.delete(ENDS)
        before, began = self.stats(), monotonic()
        submit()
        asked = 0
        while self.redis.llen(ENDS) < COUNTED:
            asked += 1
            Event().wait(0.05)
        Event().wait(0.5)  # for the record of the last task
        busy = self.stats() - before - asked - idle * (monotonic() - began) / idle_s
        self.rig.flush()
        return {"per_task": busy / COUNTED}

    def stats(self) -> int:
        found = self.redis.info("commandstats")
        return sum(command["calls"] for name, command in found.items() if name != "cmdstat_info")

    # ---- live events ----

    def events(self, tasks: int) -> Table:
        """Publish at a steady rate to 1,000 clients in total."""
        ids = [self.clients[self.ours].post("/v1/tasks", SUBMISSION)["task_id"] for _ in range(tasks)]
        before = self.gateway.memory_info().rss
        command = [sys.executable, "-m", "bench.listeners", str(self.ours), str(CLIENTS), *ids]
        heard_file = self.rig.folder / f"heard-{tasks}"
        with heard_file.open("wb") as out, Popen(command, cwd=ROOT, stdin=PIPE, stdout=out) as listeners:
            wait_for(heard_file.read_text)
            Event().wait(1)
            grown = self.gateway.memory_info().rss - before
            cpu = self.gateway.cpu_times()
            count = self.publish(ids)
            used = self.gateway.cpu_times()
            Event().wait(1)
            listeners.communicate()
        heard = json.loads(heard_file.read_text().partition("\n")[2])
        wait_for(lambda: self.connections() == 0)
        delays_us = heard["delays_us"]
        expected = count * CLIENTS // tasks
        return {
            "p50_ms": percentile(delays_us, 50) / 1000,
            "p99_ms": percentile(delays_us, 99) / 1000,
            "events_per_s": len(delays_us) / LISTENED_S,
            "missed": expected - len(delays_us),
            "lost_clients": heard["lost"],
            "kB_per_client": grown / CLIENTS / 1000,
            "gateway_cpu": (used.user + used.system - cpu.user - cpu.system) / LISTENED_S,
        }

    def connections(self) -> int:
        return sum(
            connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == self.ours
            for connection in self.gateway.net_connections()
        )

    def publish(self, ids: list[str]) -> int:
        """Publish EVENTS_PER_S for each task at even intervals, as a worker's heartbeat does; return the number."""
        total = round(EVENTS_PER_S * LISTENED_S) * len(ids)
        began = monotonic()
        for number in range(total):
            Event().wait(max(0.0, began + number * LISTENED_S / total - monotonic()))
            data = {
                "published": monotonic(),
                "phase": "work",
                "percent": 50.0,
                "message": "",
                "processed": 1,
                "total": 2,
            }
            event = {"event": "progress", "data": json.dumps(data, separators=(",", ":"))}
            self.redis.xadd(f"events:{ids[number % len(ids)]}", event, maxlen=2000)
        return total


class Client:
    """One keep-alive connection, reopened if the server has closed it while idle."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port)

    def post(self, path: str, body: Table, **headers: str) -> Table:
        try:
            return self.post_once(path, body, headers)
        except (ConnectionError, HTTPException):
            self.connection.close()
            return self.post_once(path, body, headers)

    def post_once(self, path: str, body: Table, headers: dict[str, str]) -> Table:
        self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer: Table = json.loads(self.connection.getresponse().read())
        return answer


def answers(port: int, path: str) -> bool:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False


def measure() -> Table:
    with TemporaryDirectory() as folder, Rig(Path(folder)) as rig:
        bench = Bench(rig)
        found: Table = {"submission": bench.submission(WAITING_ROUNDS, WAITING_COUNT, bench.forget)}
        found["depth"] = bench.depth()
        found["events_1_task"] = bench.events(1)
        found["events_10_tasks"] = bench.events(10)
        del found["events_10_tasks"]["kB_per_client"]  # not comparable: the process has grown already
        rig.flush()
        bench.start_workers()
        found["end_to_end"] = bench.end_to_end()
        found["commands"] = bench.commands()
        found["submission_running"] = bench.submission(RUNNING_ROUNDS, RUNNING_COUNT, bench.drain)
        return found


def verdicts(found: Table) -> list[tuple[str, str, bool]]:
    """Return each design target with the measured value and whether it is met."""
    ours, plain = found["submission"]["ours"], found["submission"]["plain"]
    ratio = ours["per_s"] / plain["per_s"]
    times = found["end_to_end"]
    slower = times["ours rested"]["p50_ms"] / times["plain rested"]["p50_ms"]
    depth = found["depth"]
    deeper = depth["10,000th"]["p50_ms"] / depth["10th"]["p50_ms"]
    rows = [
        ("submissions at >= 1.5x the plain rate", f"{ratio:.2f}x", ratio >= 1.5),
        (
            "their p99 lower than plain",
            f"{ours['p99_ms']:.0f} / {plain['p99_ms']:.0f} ms",
            ours["p99_ms"] < plain["p99_ms"],
        ),
        ("no-op end to end p50 <= 1.5x plain", f"{slower:.2f}x", slower <= 1.5),
        ("10,000th costs no more than the 10th", f"{deeper:.2f}x", deeper <= 1.1),
    ]
    for name in ("events_1_task", "events_10_tasks"):
        late = found[name]["p99_ms"]
        rows.append((f"{name}: 1,000 clients p99 < 100 ms", f"{late:.0f} ms", late < 100))
    return rows


def show(found: Table) -> None:
    for name, part in found.items():
        print(f"\n{name}")
        rows = part if all(isinstance(value, dict) for value in part.values()) else {"": part}
        for row, figures in rows.items():
            print(f"  {row:14}", "  ".join(f"{key} {value:.2f}" for key, value in figures.items()))
    print("\ntargets")
    for target, measured, met in verdicts(found):
        print(f"  {'met   ' if met else 'MISSED'}  {target:42} {measured}")


def main() -> None:
    raise_file_limit()
    found = measure()
    show(found)
    print()
    keep("core", **found)


if __name__ == "__main__":
    main()
