"""The one exception a user of Pellucid is meant to read."""


class PellucidError(ValueError):
    """What was wrong with something the user gave, in one clear line.

    The line names the file, line or argument, what came, and what was expected. The command line prints it and
    leaves with exit code 2; from Python it is an ordinary `ValueError`.
    """
