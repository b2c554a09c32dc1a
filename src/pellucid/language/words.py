"""From raw text to words, numbers and signs, and from words that are not known to their class.

The rule is one regular expression, used as scikit-learn's `CountVectorizer(token_pattern=...)` uses its own: everything
it finds in the text, in order. So an emitted program needs nothing but the standard library's `re` to split as in
training, and the two are tested against each other. What becomes one word, the first that fits:

- `do` and `n't`, `it` and `'s` (likewise 'm 'd 're 've 'll): English contractions in two, as treebanks have them;
- `3`, `1,000.50`, `12:30`: a number with the points, commas and colons inside it;
- `u.s.`: letters with a point after each;
- `@name`, `#tag`, `word`, `10th`, `snake_case`: letters and digits of any script (a hyphen divides);
- `...` and `--`, and any other sign alone.

Scripts that write without spaces come out as one long word each, and accents stored apart from their letter divide a
word: give such texts as lists of tokens, which are taken as they are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.types import Plain
from pellucid.values import as_token, describe, is_sequence, show

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


UNKNOWN, NUMBER = "<unk>", "<num>"
PATTERN = (
    r"\w+(?=n['’]t(?!\w))|n['’]t(?!\w)|['’](?:s|m|d|re|ve|ll)(?!\w)"
    r"|\d+(?:[.,:]\d+)*(?!\w)|(?:[^\W\d_]\.){2,}|[@#]?\w+|\.{2,}|-{2,}|[^\w\s]"
)
NUMERAL = r"[-+]?\d+(?:[.,:]\d+)*"


def split_words(text, pattern, lowercase=True, number=None, numeral=None):
    """The words of a text; words that match `numeral` become `number`, where given.

    Stands alone but for `re`, so that it can be pasted into an emitted program.
    """
    words = re.findall(pattern, text.lower() if lowercase else text)
    if number is None or numeral is None:
        return words
    return [number if re.fullmatch(numeral, word) else word for word in words]


@dataclass(frozen=True)
class Words:
    """How raw text is split; programs carry it, so that they split as their training data was split.

    Args:
        lowercase: all letters made small first.
        numbers: a whole number, or one with points, commas or colons inside, becomes the one word `<num>`.
        pattern: regular expression of a word, without groups that capture.

    Raises:
        PellucidError: the pattern is no regular expression, captures groups, or matches nothing at all.
    """

    lowercase: bool = True
    numbers: bool = True
    pattern: str = PATTERN

    def __post_init__(self) -> None:
        try:
            groups, empty = re.compile(self.pattern).groups, re.fullmatch(self.pattern, "") is not None
        except (re.error, TypeError, RecursionError, OverflowError) as error:
            expected = f"expected a regular expression ({error})"
            raise PellucidError(f"words: pattern is {show(self.pattern)}; {expected}") from None
        if groups or empty:
            reason = "has groups that capture; write (?:...)" if groups else "matches the empty text"
            raise PellucidError(f"words: pattern is {show(self.pattern)}, which {reason}")

    def split(self, text: str) -> tuple[str, ...]:
        """The words of a raw text.

        Example:
            >>> Words().split("Don't pay $1,000 in the U.S. -- it's 10th")
            ('do', "n't", 'pay', '$', '<num>', 'in', 'the', 'u.s.', '--', 'it', "'s", '10th')

        Raises:
            PellucidError: it is no text.
        """
        if not isinstance(text, str):
            raise PellucidError(f"{describe(text)}; expected a text")
        return tuple(split_words(text, self.pattern, self.lowercase, NUMBER if self.numbers else None, NUMERAL))

    def normal(self, tokens: Iterable[Plain]) -> tuple[Plain, ...]:
        """The user's own tokens, none split or dropped, with letters and numbers as this rule has them."""
        return tuple(self._normal(token) for token in tokens)

    def tokens(self, value: Any) -> tuple[Plain, ...]:
        """A raw text split; a list of tokens as it is.

        Raises:
            PellucidError: it is neither, or a text without a word.
        """
        if is_sequence(value):
            return tuple(value.tolist() if hasattr(value, "tolist") else value)
        if not isinstance(value, str):
            raise PellucidError(f"{describe(value)}; expected a text, or a list of words")
        words = self.split(value)
        if not words:
            raise PellucidError(f"no word in the text {show(value)}; expected at least one")
        return words

    def written(self, value: Any) -> tuple[Plain, ...]:
        """The tokens as the user wrote them, capitals and numbers as they were: one for each of `tokens`."""
        known, own = self.tokens(value), replace(self, lowercase=False, numbers=False).tokens(value)
        return own if len(own) == len(known) else known  # small letters may divide otherwise than capitals

    def _normal(self, token: Plain) -> Plain:
        if not isinstance(token, str):
            return NUMBER if self.numbers else token
        word = token.lower() if self.lowercase else token
        return NUMBER if self.numbers and re.fullmatch(NUMERAL, word) else word


AS_WRITTEN = Words(lowercase=False, numbers=False)  # for tagging, where capitals and figures tell what a name is


@dataclass(frozen=True)
class Reading:
    """What a text vocabulary does with texts.

    Args:
        words: how a raw text is split, and how the user's own words are normalised.
        forms: words that are not known are told apart by their form, as in `<Xxx-ing>`; else all are `<unk>`.
    """

    words: Words = field(default_factory=Words)
    forms: bool = False

    def normal(self, tokens: Iterable[Plain]) -> tuple[str, ...]:
        """The user's own words, none split or dropped, as text.

        Raises:
            PellucidError: one is neither a string nor an integer.
        """
        return tuple(map(str, self.words.normal(map(as_token, tokens))))

    def unknown(self, word: Plain) -> str:
        """The class of a word that is not known.

        Example:
            >>> Reading(forms=True).unknown("Jackson"), Reading().unknown("Jackson")
            ('<Xxx-son>', '<unk>')
        """
        return f"<{form(str(word))}>" if self.forms else UNKNOWN

    def known(self, word: Any, known: Collection[str]) -> str | None:
        """The word as a program has it that knows some words and classes: else its class, or that without the ending.

        Returns:
            None where none of them is known.

        Raises:
            PellucidError: it is neither a string nor an integer.
        """
        (found,) = self.normal((word,))
        if found in known:
            return found
        kind = self.unknown(found)
        return next((name for name in (kind, kind.partition("-")[0] + ">") if name in known), None)
