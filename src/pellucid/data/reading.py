"""How a text becomes words that a program knows: split, normalised, and unknown words replaced by their class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pellucid.data.spelling import form
from pellucid.data.tokens import Token, as_token, listing, show
from pellucid.data.words import UNKNOWN, Words
from pellucid.errors import PellucidError


@dataclass(frozen=True)
class Reading:
    """What a text vocabulary does with texts.

    Args:
        words: how a raw text is split, and how the user's own words are normalised.
        forms: words that are not known are told apart by their form, as in `<Xxx-ing>`; else all are `<unk>`.
    """

    words: Words = field(default_factory=Words)
    forms: bool = False

    def normal(self, tokens: Iterable[Token]) -> tuple[str, ...]:
        """The user's own words, none split or dropped, as text.

        Raises:
            PellucidError: one is neither a string nor an integer.
        """
        return tuple(map(str, self.words.normal(map(as_token, tokens))))

    def unknown(self, word: Token) -> str:
        """The class of a word that is not known.

        Example:
            >>> Reading(forms=True).unknown("Jackson"), Reading().unknown("Jackson")
            ('<Xxx-son>', '<unk>')
        """
        return f"<{form(str(word))}>" if self.forms else UNKNOWN

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal reading."""
        return {"words": self.words.to_json(), "forms": self.forms}

    @classmethod
    def from_json(cls, value: Any) -> Reading:
        """A reading from parsed JSON, every field checked.

        Raises:
            PellucidError: naming the field that is wrong.
        """
        if not isinstance(value, dict) or set(value) != {"words", "forms"}:
            got = listing(value) if isinstance(value, dict) else show(value)
            raise PellucidError(f"text: expected an object with the keys forms, words; got {got}")
        if not isinstance(value["forms"], bool):
            raise PellucidError(f"text: forms is {show(value['forms'])}; expected true or false")
        return cls(Words.from_json(value["words"]), value["forms"])
