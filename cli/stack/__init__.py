"""The local stack: Redis, gateway and workers on this machine, under supervisord."""
