"""Reports processes that workers replaced because they did not claim their deliveries."""

from datetime import timedelta

import structlog

from api_gateway.monitor.actions import Actions
from api_gateway.monitor.alerts import Alerts
from common.settings import MonitorSettings
from common.state.client import AsyncRedis
from common.state.store import StateStore
from common.worker.presence import Unclaimed, workers

ACTION = "delivery_not_claimed"
log = structlog.get_logger()


class ReplacementReporter:
    """Counts each replaced process and sends one alert for it."""

    def __init__(self, redis: AsyncRedis, store: StateStore, settings: MonitorSettings, alerts: Alerts) -> None:
        self.redis = redis
        self.alerts = alerts
        self.actions = Actions(redis, store)
        self.interval = settings.monitor_interval

    async def look(self, _contact: timedelta) -> None:
        for seen in await self.redis.run(workers()):
            for found in seen.presence.replaced if seen.presence else ():
                await self.report(seen.name, found)

    async def report(self, worker: str, found: Unclaimed) -> None:
        facts = {"worker": worker, **found.model_dump()}
        once = f"{ACTION}:{found.task_id}:{worker}:{found.pid}"
        alert = self.alerts.message("delivery.not_claimed", **facts)
        if await self.actions.perform_once(once, ACTION, task_id=found.task_id, alert=alert):
            log.warning(ACTION, **facts)
