"""What a process had to tell Redis of its leases while Redis was away is told when it is back, however much it is."""

from datetime import timedelta
from pathlib import Path

from common.gpu.lease_renewer import LeaseRenewer
from common.gpu.lock import release_call
from common.settings import RedisSettings
from common.state.client import SyncRedis
from tests.support.redis_server import RedisServer

COUNT = 250


def test_no_release_is_lost_however_many_redis_did_not_answer(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis").start()
    redis = SyncRedis(RedisSettings.model_validate({"url": server.url}))
    renewer = LeaseRenewer(redis, timedelta(seconds=60), on_unclaimed=lambda _: None)
    locks = [f"gpu_lock:box:{number}" for number in range(COUNT)]
    try:
        for lock in locks:
            server.client.set(lock, f"7 owner of {lock}", ex=600)
        server.kill()
        for lock in locks * 2:  # a release may be asked for twice
            renewer.run_reliably(release_call(lock, f"owner of {lock}", "7", "released"))
        server.start()
        assert server.client.exists(*locks) == COUNT
        renewer.renew_all()
        assert server.client.exists(*locks) == 0
        assert not renewer.unanswered
    finally:
        redis.close()
        server.stop()
