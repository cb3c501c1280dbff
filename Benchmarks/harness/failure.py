"""What ends a run before its time."""


class Failure(Exception):
    """One line for a person: what went wrong, and where to look."""
