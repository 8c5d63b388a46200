"""The commands, thin: they parse arguments, call one function and show its result."""
