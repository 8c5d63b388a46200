"""Health probe of a worker for a few milliseconds of CPU: the worker writes a file, the probe reads its age.

    python -I -S common/worker/probe.py ffmpeg

It imports only modules that the interpreter has loaded anyway, because a container runs it every few seconds. The file
contains a time of the monotonic clock, which all processes of a machine share and which cannot be set.
"""

import os
import sys
from time import monotonic

STALE_AFTER_S = 15.0
TIME_BYTES = 20


def alive_file(service: str) -> str:
    folder = os.environ.get("TMPDIR", "/tmp")  # noqa: S108, TID251 - not the settings: they take too long to read
    return f"{folder}/baton-{os.getuid()}-{service}.alive"


def mark_alive(service: str) -> None:
    """Record that the worker of this service is healthy now.

    Each write overwrites the last one with the same number of bytes: that works on a full disk too, and a probe reads
    either all of it or all of the previous one.

    Raises:
        OSError: the file cannot be written.
    """
    file = os.open(alive_file(service), os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.write(file, f"{monotonic():0{TIME_BYTES}.3f}".encode("ascii"))
    finally:
        os.close(file)


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
