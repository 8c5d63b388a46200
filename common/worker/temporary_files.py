"""Where the pool of processes puts its temporary files: nowhere that a killed worker would leave behind."""

import tempfile
from multiprocessing.process import current_process


def leave_no_folder() -> None:
    """Have billiard and multiprocessing make no `pymp-*` folder, which only an orderly exit removes.

    For each child, the pool makes a file to share a counter and unlinks it at once. The folder of all temporary files
    will do for that.
    """
    current_process()._config["tempdir"] = tempfile.gettempdir()  # type: ignore[attr-defined]  # noqa: SLF001 - as `multiprocessing.util.get_temp_dir` reads it
