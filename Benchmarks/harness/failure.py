"""The error that ends a run early."""


class Failure(Exception):
    """One line for people: what went wrong, and where to look."""
