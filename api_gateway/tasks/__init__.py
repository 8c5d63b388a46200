"""A task in the gateway: submission, dispatch, wait reason, completion, transcript."""
