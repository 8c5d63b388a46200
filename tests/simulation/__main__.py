"""`make simulate`: many seeds of the simulation, on a Redis of its own."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from common.settings import RedisSettings
from tests.simulation.world import simulate
from tests.support.inspected_redis import InspectedRedis
from tests.support.redis_server import RedisServer


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many; default: 1000")
    parser.add_argument("--first", type=int, default=0, help="the first one; a failed run names its seed")
    chosen = parser.parse_args()
    with TemporaryDirectory(prefix="baton-simulation-") as folder:
        server = RedisServer(Path(folder)).start()
        try:
            return run_seeds(server.url, range(chosen.first, chosen.first + chosen.seeds))
        finally:
            server.stop()


def run_seeds(url: str, seeds: range) -> int:
    redis = InspectedRedis(RedisSettings.model_validate({"url": url}))
    began = time.monotonic()
    failed = 0
    for seed in seeds:
        try:
            simulate(redis, seed)
        except AssertionError as error:
            failed += 1
            print(error, flush=True)
    print(f"{len(seeds)} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    redis.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
