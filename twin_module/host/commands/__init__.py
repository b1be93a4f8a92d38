"""What the command `twin` does, a module for each word."""
