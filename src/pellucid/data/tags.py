"""Entity tags: which scheme a column is in, and any of them as IOB2.

| scheme | an entity | as |
|---|---|---|
| IOB1 | `I-X` throughout, `B-X` only where the word before ends another `X` | I-PER I-PER B-PER |
| IOB2 | `B-X` first, `I-X` after it | B-PER I-PER B-PER |
| IO | `I-X` throughout: neighbours of one type are one entity | I-PER I-PER I-PER |
| BIOES | `B-X`, `I-X`, `E-X` last, `S-X` alone (BILOU says L and U, BMES M) | B-PER E-PER S-PER |

All are read by one rule, that of conlleval: an entity begins at B and S, at a change of type, and after O, E and S.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pellucid.errors import PellucidError
from pellucid.values import show

Scheme = Literal["IOB1", "IOB2", "IO", "BIOES"]
OUTSIDE = "O"
_TAG = re.compile(r"([BIESLUM])-(.+)", re.DOTALL)
_SAME = {"L": "E", "U": "S", "M": "I"}


def scheme_of(sentences: Iterable[Sequence[str]]) -> Scheme | None:
    """The scheme that the tags are in; None where they are no entity tags, as parts of speech.

    Entity tags have `O` and at least one tag as `B-X`. Where a file fits several schemes, they mean the same in it.
    """
    rows = [[parsed(tag) for tag in tags] for tags in sentences]
    prefixes = {prefix for row in rows for prefix, _ in row}
    if OUTSIDE not in prefixes or not prefixes & set("BIES"):
        return None
    if prefixes & {"E", "S"}:
        return "BIOES"
    if "B" not in prefixes:
        return "IO"
    return "IOB1" if any(_begins(row, "I") for row in rows) and not any(_begins(row, "B") for row in rows) else "IOB2"


def check_tags(sentences: Iterable[Sequence[str]], where: Callable[[int, int], str]) -> None:
    """Refuse what is no entity tag.

    Raises:
        PellucidError: beginning with `where(sentence, position)`.
    """
    for i, tags in enumerate(sentences):
        for j, tag in enumerate(tags):
            if not parsed(tag)[0]:
                raise PellucidError(f"{where(i, j)}{show(tag)} is no entity tag; expected O, or one as B-PER or I-PER")


def to_iob2(tags: Sequence[str]) -> list[str]:
    """The tags of a sentence, in any of the schemes, as IOB2."""
    found, before, kind = [], OUTSIDE, ""
    for tag in tags:
        prefix, here = parsed(tag)
        if prefix == OUTSIDE:
            found.append(OUTSIDE)
        else:
            first = prefix in ("B", "S") or before in (OUTSIDE, "E", "S") or here != kind
            found.append(f"{'B' if first else 'I'}-{here}")
        before, kind = prefix, here
    return found


def parsed(tag: str) -> tuple[str, str]:
    """Prefix (of O B I E S) and type of a tag; an empty prefix for what is none."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    match = _TAG.fullmatch(tag)
    return (_SAME.get(match[1], match[1]), match[2]) if match else ("", tag)


def _begins(row: Sequence[tuple[str, str]], mark: str) -> bool:
    """Whether an entity that does not follow one of its type begins with this mark."""
    return any(prefix == mark and _last_type(row, i) != kind for i, (prefix, kind) in enumerate(row))


def _last_type(row: Sequence[tuple[str, str]], i: int) -> str | None:
    return row[i - 1][1] if i and row[i - 1][0] != OUTSIDE else None
