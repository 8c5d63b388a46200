"""Worker side: a Celery app around typed task functions, with heartbeats, cancellation and a watchdog."""
