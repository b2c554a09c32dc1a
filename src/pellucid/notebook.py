"""What of a program is shown in a notebook: all but the functions that every program has, word lists cut."""

from __future__ import annotations

RUNTIME = "# Runtime, the same in every program."
LISTS, SPLITTING = "# The words of each kind.", "# How texts are read."
MOST_LISTED = 60  # lines of word lists that are shown


def heart(source: str, rest: str) -> str:
    """The program's own part, with a note where something was left out.

    Args:
        source: text of `program.py`. rest: the name of what has all of it.
    """
    text, runtime, _ = source.partition(RUNTIME)
    text, splitting, _ = text.partition(SPLITTING)
    text, heading, lists = text.rstrip().partition(LISTS)
    lines = lists.split("\n")
    if len(lines) > MOST_LISTED + 1:
        more = f"# ... {len(lines) - MOST_LISTED:,} more lines of words: see {rest}"
        lines = [*lines[:MOST_LISTED], more]
    more = f"\n\n# ... runtime functions: see {rest}" if runtime or splitting else ""
    return text + heading + "\n".join(lines) + more
