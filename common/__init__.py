"""Shared by the gateway and the workers; imports neither."""
