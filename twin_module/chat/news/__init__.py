"""What is told of changes in collections: who did what, gathered and in time."""
