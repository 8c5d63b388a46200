"""A real worker of the testing service."""

import tests.support.testing_service  # noqa: F401 - registers its tasks
from services import settings
from services.__main__ import work

if __name__ == "__main__":  # a spawned child also imports this module
    work(settings(), "testing")
