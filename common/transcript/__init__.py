"""The transcript: its format, its edits, and its state while a task is running."""
