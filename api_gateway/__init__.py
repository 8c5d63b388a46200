"""The gateway: takes requests, records tasks, tells what is going on, delivers callbacks."""
