"""What is known to go wrong before a job runs. A package, so that its modules hide none of a project."""
