"""Raw texts and lists of words as no data set has them, so that the reading of a program is checked as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics.reading import read

ODD = 400
SIGNS = "aeT9.,:-'’\"\\/{}[]()<>#@$%&*_ \t\n\u00a0\u2028éİßſΣ中🎉\u0301\x00"
NAMES = ("<unk>", "<num>", "<Xxx-son>", "<xxx-ing>", "<start>", "<none>", "<", "-")


def odd_texts(program: Program, seed: int) -> list[Any]:
    """Odd characters, unknown words, numbers and names of classes; of a program that does not read texts none."""
    column = program.inputs[0]
    if column.words is None or len(program.inputs) > 1:
        return []
    rng, known = np.random.default_rng(seed), column.type.texts

    def among(values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    makers: tuple[Callable[[], str], ...] = (
        lambda: "".join(among(SIGNS) for _ in range(int(rng.integers(1, 12)))),
        lambda: chr(int(among([rng.integers(32, 0x2FFF), rng.integers(0x10000, 0x1FFFF)]))) * 2,
        lambda: among(known),
        lambda: among(known).swapcase() + "son",
        lambda: f"{int(rng.integers(10**6)) * 1000},5",
        lambda: among(NAMES),
    )
    lists = [[among(makers)() for _ in range(int(rng.integers(1, 9)))] for _ in range(ODD)]
    texts = [words if i % 2 else " ".join(words) for i, words in enumerate(lists)]
    return [text for text in texts if _is_taken(program, text)]


def _is_taken(program: Program, text: Any) -> bool:
    try:
        return bool(read(program, text)[program.inputs[0].name])
    except PellucidError:  # no word in it
        return False
