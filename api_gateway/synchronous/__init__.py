"""HTTP requests that wait for a task: receive the upload, submit or join the task, wait for its end."""
