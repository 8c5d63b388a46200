"""The monitor: old leases, silent and stalled tasks, lost messages, expired files. One leader among the gateways."""
