"""What can go wrong on a machine, in one sentence for whoever sits at it."""


class HostError(Exception):
    """The message says what is wrong and what to do; a command prints it and ends with status 1."""
