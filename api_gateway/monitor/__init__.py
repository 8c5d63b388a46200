"""Looks after what nobody else can: old leases, silent and stalled work, lost messages, expired files. One leader."""
