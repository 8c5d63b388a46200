"""What is around the stack: its network, its clocks, its disk, its imports, and the receiver of its callbacks."""

from collections.abc import Callable

from tests.chaos.faults.processes import kill
from tests.chaos.faults.scene import Roll, Scene, let_pass
from tests.support.proxy import Cut

CUTS = (Cut.BLACK_HOLE, Cut.RESET, Cut.DROPPED_REPLIES)
LONGEST_STEP_S = 7200


def cut(scene: Scene, roll: Roll) -> None:
    """Part one program, or all workers, or all but Redis itself, from Redis."""
    names = list(scene.box.proxies)
    groups = [*([name] for name in names), [name for name in names if name.startswith("worker-")], names]
    chosen = roll.choose(groups)
    how = CUTS[int(roll.which * 997) % len(CUTS)]
    for name in chosen:
        scene.box.proxies[name].fail(how)
    part = chosen[0].partition("-")[0] if len(chosen) == 1 else f"{len(chosen)} programs"
    scene.count(f"{how.value} before {part}")
    let_pass(roll.seconds)
    for name in chosen:
        scene.box.proxies[name].fail(Cut.NONE)


def step_clock(scene: Scene, roll: Roll) -> None:
    """Set the clock of Redis, of one program, or of all of them, by up to two hours forward or back."""
    groups = (["redis"], [roll.choose(scene.box.programs)], scene.box.programs)
    chosen = groups[int(roll.which * 997) % len(groups)]
    scene.box.set_clocks(chosen, round((2 * roll.which - 1) * LONGEST_STEP_S))
    part = chosen[0].partition("-")[0] if len(chosen) == 1 else "all programs"
    scene.count(f"clock of {part} set")


def slow_imports(scene: Scene, roll: Roll) -> None:
    """Slow some imports down for a time, and kill a worker, so that one starts meanwhile."""
    with scene.busy["imports"]:
        scene.box.slow_imports.touch()
        scene.count("slow imports")
        kill(scene, Roll("worker", roll.which, roll.seconds))
        let_pass(roll.seconds)
        scene.box.slow_imports.unlink()


def fill(scene: Scene, roll: Roll) -> None:
    with scene.busy["disk"]:
        filler = scene.box.fill_disk()
        if filler:
            scene.count("disk full")
            let_pass(roll.seconds)
            filler.unlink(missing_ok=True)


def away(scene: Scene, roll: Roll) -> None:
    receiver(scene, "away", scene.callback_receiver.down, scene.callback_receiver.up, roll.seconds)


def broken(scene: Scene, roll: Roll) -> None:
    receiver(scene, "broken", scene.callback_receiver.break_down, scene.callback_receiver.mend, roll.seconds)


def hanging(scene: Scene, roll: Roll) -> None:
    receiver(scene, "hanging", scene.callback_receiver.hang, scene.callback_receiver.mend, roll.seconds)


def receiver(scene: Scene, what: str, begin: Callable[[], None], end: Callable[[], None], seconds: float) -> None:
    with scene.busy["receiver"]:
        begin()
        scene.count(f"receiver {what}")
        let_pass(seconds)
        end()
