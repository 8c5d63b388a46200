"""The gateway: accepts requests, records tasks, publishes their state, delivers callbacks."""
