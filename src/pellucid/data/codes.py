"""From tokens to codes, quickly for whole data sets, and with a clear error where there is no code."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.values import as_token, listing, show


def flat_codes(rows: Sequence[Sequence[Any]], codes: dict[Any, int], what: str) -> np.ndarray:
    """Codes of all symbols of all rows, one after the other, int32.

    Args:
        rows: sequences of tokens or labels (None = not scored).
        codes: code of each.
        what: "input" or "output", for the error message.

    Raises:
        PellucidError: a symbol without a code, named with its row.
    """
    flat = list(chain.from_iterable(rows))
    try:
        if not set(map(type, flat)) <= {int, str, type(None)}:  # True and 1.0 would find the code of 1
            flat = [None if t is None else as_token(t) for t in flat]
        return np.fromiter((codes[t] for t in flat), np.int32, len(flat))
    except (KeyError, PellucidError):
        raise _unknown(rows, codes, what) from None


def _unknown(rows: Sequence[Sequence[Any]], codes: dict[Any, int], what: str) -> PellucidError:
    known = listing(t for t in codes if t is not None)
    noun = "token" if what == "input" else "label"
    for i, row in enumerate(rows):
        for value in row:
            try:
                if (None if value is None else as_token(value)) in codes:
                    continue
            except PellucidError as error:
                return PellucidError(f"{what} {i + 1}: {error}")
            return PellucidError(f"{what} {i + 1}: unknown {noun} {show(value)}; known: {known}")
    return PellucidError(f"{what}: unknown {noun}; known: {known}")
