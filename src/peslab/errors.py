"""The mistakes that a user can mend, each told in one sentence with its remedy."""


class PeslabError(Exception):
    """One sentence: what is wrong and what to do. A command prints it and exits with status 2."""


class InvalidInputError(PeslabError, ValueError):
    """A value that the physics or the learning cannot take; in Python also a `ValueError`."""
