"""What the owner is told of the day and of the week."""
