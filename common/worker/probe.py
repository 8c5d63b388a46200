"""Health probe of a worker for a few milliseconds of CPU: the worker writes a file, the probe reads its age.

    python -I -S common/worker/probe.py ffmpeg

It imports only modules that the interpreter has loaded anyway, because a container runs it every few seconds. The file
contains a time of the monotonic clock, which all processes of a machine share and which cannot be set.
"""

import os
import sys
from time import monotonic

STALE_AFTER_S = 15.0


def alive_file(service: str) -> str:
    folder = os.environ.get("TMPDIR", "/tmp")  # noqa: S108, TID251 - not the settings: they take too long to read
    return f"{folder}/baton-{os.getuid()}-{service}.alive"


def mark_alive(service: str) -> None:
    """Record that the worker of this service is healthy now."""
    part = f"{alive_file(service)}.{os.getpid()}"
    with open(part, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib alone takes longer to load than the rest
        file.write(str(monotonic()))
    os.replace(part, alive_file(service))  # noqa: PTH105


def withdraw(service: str) -> None:
    """Record that this worker is stopping; another worker of the service on this machine reappears at once."""
    try:
        os.remove(alive_file(service))  # noqa: PTH107
    except OSError:
        return


def is_alive(service: str) -> bool:
    """Return whether a worker of this service on this machine was healthy recently."""
    try:
        with open(alive_file(service), encoding="ascii") as file:  # noqa: PTH123
            return 0 <= monotonic() - float(file.read()) < STALE_AFTER_S
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else 1)
