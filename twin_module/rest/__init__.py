"""The HTTP API of a twin."""
