"""Running processes that use a folder."""

from contextlib import suppress
from pathlib import Path

import psutil


def holders(folder: Path) -> list[psutil.Process]:
    """Return every running process with the folder in its command, its environment or its working directory."""
    return [process for process in psutil.process_iter() if str(folder) in traces(process)]


def traces(process: psutil.Process) -> str:
    try:
        return "\0".join((*process.cmdline(), *process.environ().values(), process.cwd()))
    except psutil.Error:  # gone, or a zombie
        return ""


def described(process: psutil.Process) -> str:
    """Return a description that identifies a process to a person."""
    with suppress(psutil.Error):
        parent = process.parent()
        above = f"below {parent.pid} {parent.name()}" if parent else "without a parent"
        return f"{process.pid} {process.status()}, {above}: {' '.join(process.cmdline())}"
    return f"{process.pid}, which is gone by now"
