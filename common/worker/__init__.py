"""The worker side: a Celery app around typed task functions, with heartbeats, cancel and a watchdog."""
