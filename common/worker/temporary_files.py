"""Temporary files of the process pool: placed so that a killed worker leaves nothing behind."""

import tempfile
from multiprocessing.process import current_process


def leave_no_folder() -> None:
    """Prevent billiard and multiprocessing from creating a `pymp-*` folder, which only an orderly exit removes.

    For each child, the pool creates a file that shares a counter and unlinks it at once; the general temporary folder
    is sufficient for that.
    """
    current_process()._config["tempdir"] = tempfile.gettempdir()  # type: ignore[attr-defined]  # noqa: SLF001 - as `multiprocessing.util.get_temp_dir` reads it
