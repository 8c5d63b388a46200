"""A child that is forked while a thread of its parent imports does not wait for the import lock."""

import subprocess
import sys

FORKS = 200

# the thread holds a module's import lock nearly all the time, as a slow first import of `encodings.idna` does
PROGRAM = f"""
import importlib._bootstrap as bootstrap
import os, signal, socket, sys, threading, time
from common.worker.forking import no_fork

def import_slowly():
    while True:
        with no_fork(), bootstrap._ModuleLockManager("encodings.idna"):
            time.sleep(0.005)

if sys.argv[1] == "guarded":
    threading.Thread(target=import_slowly, daemon=True).start()
else:
    def import_unguarded():
        with bootstrap._ModuleLockManager("encodings.idna"):
            time.sleep(60)
    threading.Thread(target=import_unguarded, daemon=True).start()
    time.sleep(0.2)

for _ in range({FORKS} if sys.argv[1] == "guarded" else 1):
    pid = os.fork()
    if pid == 0:
        signal.alarm(10 if sys.argv[1] == "guarded" else 1)
        socket.getaddrinfo("localhost", 1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0, "the child hung"
os._exit(0)
"""


def run(kind: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, kind]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)


def test_no_fork_happens_while_a_thread_works() -> None:
    ended = run("guarded")
    assert ended.returncode == 0, ended.stderr


def test_without_the_guard_the_child_hangs() -> None:
    assert "the child hung" in run("unguarded").stderr
