"""The dynamic city page: a process of its own that can read the `city` views and nothing else."""
