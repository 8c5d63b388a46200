"""Run the worker of one service: `python -m services ffmpeg`."""

import argparse
import os
import socket
import sys
from importlib import import_module

from common.errors import BatonError
from common.settings import Settings
from common.worker.app import create_worker
from common.worker.probe import is_alive
from services import HERE, settings


def main() -> int:
    known = sorted(folder.parent.name for folder in HERE.glob("*/contracts.py"))
    parser = argparse.ArgumentParser(prog="python -m services", description=__doc__)
    parser.add_argument("service", choices=known)
    parser.add_argument("--ping", action="store_true", help="exit 0 if this host's worker of the service is alive")
    chosen = parser.parse_args()
    if chosen.ping:
        return 0 if is_alive(chosen.service) else 1
    try:
        configured = settings()
    except BatonError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - there is no log before the settings are read
        return 2
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # noqa: TID251 - ONNX Runtime looks there, and would tell its makers
    import_module(f"services.{chosen.service}.tasks")
    return work(configured, chosen.service)


def work(configured: Settings, service: str) -> int:
    """Consume the service's queue until told to stop."""
    worker = create_worker(configured, service).Worker(  # `worker_main` would import all of Celery's command line
        hostname=f"{service}@{socket.gethostname()}",
        queues=[service],
        concurrency=configured.worker.concurrency,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
