"""Outgoing network traffic: which addresses it may reach, downloads, S3."""
