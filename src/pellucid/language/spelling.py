"""What a word looks like: its shape, and the ending that tells what kind of word it may be.

A word that a program has not seen is told apart by this alone, so the function stands alone and is pasted into emitted
programs, like those of `pellucid.program.runtime`.
"""

from __future__ import annotations

import functools

SHAPES = ["unk", "num", "url", "sign", "@", "#", "9", "9x", "X", "X.X.", "XXX", "Xxx", "XxX", "xxx"]
ENDINGS = [
    "ments", "tions", "ville", "shire", "tion", "ment", "ness", "able", "ible", "ical", "less", "ship", "ists",
    "ions", "ings", "land", "burg", "berg", "stan", "ford", "ham", "son", "ton", "sen", "man", "men", "ing", "est",
    "ers", "ors", "ity", "ies", "ous", "ive", "ful", "ism", "ist", "ian", "ish", "ese", "ion", "ial", "ary", "ure",
    "ate", "ize", "ise", "ine", "ano", "ino", "ez", "ov", "ski", "sky", "wicz", "ed", "ly", "er", "or", "al", "ic",
    "us", "es", "ia", "en", "an", "s", "y", "o", "a", "i", "e",
]  # fmt: skip
FORMS = tuple(sorted([*SHAPES, *(f"{shape}-{ending}" for shape in SHAPES for ending in ENDINGS)]))


@functools.lru_cache(maxsize=100_000)
def form(word):
    """The shape of a word: `Xxx`, `xxx`, `XXX`, `X`, `X.X.`, `9`, `9x`, `url`, ...

    Words of five or more letters have their ending, too: `xxx-ing`, `Xxx-son`. A class
    of words like "<Xxx-son>" is its own form.
    """
    inside = word[1:-1]
    shape, _, ending = inside.partition("-")
    named = shape in SHAPES and (not ending or ending in ENDINGS)
    if named and word == f"<{inside}>":
        return inside
    letters = [c for c in word if c.isalpha()]
    digits = any(c.isnumeric() and not c.isalpha() for c in word)
    if word[:1] in ("@", "#") and (letters or digits):
        return word[0]
    if "://" in word or word[:4].lower() == "www.":
        return "url"
    if not letters:
        return "9" if digits else "sign"
    if digits:
        return "9x"
    capitals = [c.isupper() or c.istitle() for c in letters]
    if all(capitals):
        if len(letters) == 1:
            return "X"
        return "X.X." if word.count(".") >= len(letters) - 1 else "XXX"
    if any(capitals[1:]):
        return "XxX"
    shape = "Xxx" if capitals[0] else "xxx"
    if len(letters) < 5:
        return shape
    low = word.lower()
    found = [e for e in ENDINGS if low.endswith(e)]
    return f"{shape}-{max(found, key=len)}" if found else shape
