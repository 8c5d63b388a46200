"""Test support: a real Redis, gateway and worker, and a service whose tasks misbehave on request."""
