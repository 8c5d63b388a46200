"""Processes that are killed, frozen, stopped or terminated, one or all of them."""

import signal
from contextlib import suppress

import psutil

from cli.stack.lifecycle import family, wait_until_ended
from tests.chaos.box import REVIVAL
from tests.chaos.faults.scene import Roll, Scene, let_pass


def kill(scene: Scene, roll: Roll) -> None:
    hit(scene, roll, signal.SIGKILL)


def stop(scene: Scene, roll: Roll) -> None:
    """Stop a child for good, as a deadlock does: only the watchdog can help."""
    hit(scene, Roll("child", roll.which, roll.seconds), signal.SIGSTOP)


def restart_redis(scene: Scene, roll: Roll) -> None:
    hit(scene, Roll("redis", 0, roll.seconds), signal.SIGTERM)


def freeze(scene: Scene, roll: Roll) -> None:
    """Suspend a process for a time, as a machine does that swaps."""
    process = victim(scene, roll)
    if process:
        with suppress(psutil.Error):
            process.suspend()
            scene.count(f"SIGSTOP {roll.who}")
            let_pass(roll.seconds)
            process.resume()


def terminate_workers(scene: Scene, _: Roll) -> None:
    """Send SIGTERM to every worker and all below it; supervisord starts them again."""
    with suppress(psutil.Error):
        there = scene.box.processes()
        terminate({*there["ffmpeg"], *there["child"], *there["worker"]})
        scene.count("SIGTERM all workers")


def kill_gateways(scene: Scene, _: Roll) -> None:
    """Kill both gateways, the leader among them."""
    with suppress(psutil.Error):
        for process in scene.box.processes()["gateway"]:
            with suppress(psutil.Error):
                process.kill()
        scene.count("SIGKILL both gateways")


def kill_leader(scene: Scene, _: Roll) -> None:
    with suppress(psutil.Error, OSError):
        if process := scene.box.leading():
            process.kill()
            scene.count("SIGKILL the leader")


def kill_supervisord(scene: Scene, roll: Roll) -> None:
    """Kill what starts the programs: they work on for a time, and then somebody starts the stack again."""
    with scene.busy["host"]:
        with suppress(psutil.Error, OSError, ValueError):
            psutil.Process(int(scene.box.plan.state_dir.pid_file.read_text())).kill()
            scene.count("SIGKILL supervisord")
            let_pass(roll.seconds)
        scene.box.revive()


def shut_down(scene: Scene, _: Roll) -> None:
    """Do what a machine does that shuts down: SIGTERM to every process, SIGKILL to what is left, and start again."""
    with scene.busy["host"]:
        there = family(scene.box.plan.state_dir)
        terminate(there)
        scene.count("host shut down")
        wait_until_ended(there, SHUTDOWN)
        scene.box.revive()


SHUTDOWN = REVIVAL.patience / 4
"""systemd gives a service six times as long; a short one leaves something to kill."""


def terminate(processes: set[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()


def hit(scene: Scene, roll: Roll, number: signal.Signals) -> None:
    process = victim(scene, roll)
    if process:
        with suppress(psutil.Error):
            process.send_signal(number)
            scene.count(f"{number.name} {roll.who}")


def victim(scene: Scene, roll: Roll) -> psutil.Process | None:
    with suppress(psutil.Error):
        there = scene.box.processes()[roll.who]
        return roll.choose(there) if there else None
    return None
