"""The commands, thin: they read arguments, call one thing and show what came of it."""
