"""Restart the container of a worker that cannot be ended otherwise, through the Docker socket."""

import structlog

STOP_TIMEOUT_S = 1
"""Its process did not respond to SIGKILL from its parent, so waiting for a clean stop is pointless."""
log = structlog.get_logger()


def restart(host: str) -> bool:
    """Restart the container with this host name and wait for it; returns False if that is not possible. Blocks."""
    import docker  # only if gpu_lock_monitor.restart_containers is on
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        client.containers.get(host).restart(timeout=STOP_TIMEOUT_S)
    except DockerException as error:
        log.warning("container_not_restarted", host=host, error=str(error))
        return False
    return True
