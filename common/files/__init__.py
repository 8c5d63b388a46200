"""Files on the shared volume: safe paths, artifacts, checkpoints, full disks."""
