"""What a gateway process runs beside its requests: server, loops, event hub."""
