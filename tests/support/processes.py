"""Who still runs: processes found by a folder that they have to do with."""

from contextlib import suppress
from pathlib import Path

import psutil


def holders(folder: Path) -> list[psutil.Process]:
    """Return every living process that has to do with a folder: by its command, its environment or where it works."""
    return [process for process in psutil.process_iter() if str(folder) in traces(process)]


def traces(process: psutil.Process) -> str:
    try:
        return "\0".join((*process.cmdline(), *process.environ().values(), process.cwd()))
    except psutil.Error:  # gone, or a zombie
        return ""


def described(process: psutil.Process) -> str:
    """Return what a person needs to know to see what it is."""
    with suppress(psutil.Error):
        parent = process.parent()
        above = f"below {parent.pid} {parent.name()}" if parent else "without a parent"
        return f"{process.pid} {process.status()}, {above}: {' '.join(process.cmdline())}"
    return f"{process.pid}, which is gone by now"
