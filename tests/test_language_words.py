# ruff: noqa: E501
"""Texts as the words that a column knows: forms of unknown words, reading, JSON."""

import json
import random
from typing import Any

import pytest

from pellucid.errors import PellucidError
from pellucid.language.json import decoded, plain
from pellucid.language.nodes import Assign, Column, Input, Output
from pellucid.language.program import Program
from pellucid.language.types import symbol
from pellucid.language.words import AS_WRITTEN, Reading, Words, form
from pellucid.semantics.reading import read

FORMS = {
    "jumping": "xxx-ing", "Jackson": "Xxx-son", "nation": "xxx-tion", "Portland": "Xxx-land", "sing": "xxx",
    "Bing": "Xxx", "A": "X", "U.S.": "X.X.", "U.S": "X.X.", "NATO": "XXX", "McDonald": "XxX", "iPhone": "XxX",
    "the": "xxx", "1996-08-30": "9", "1,000.5": "9", "$5": "9", "10th": "9x", "B2B": "9x", "...": "sign", "": "sign", "--": "sign",
    "http://a.b": "url", "www.x.org": "url", "@user": "@", "#tag": "#", "@": "sign", "東京": "xxx", "一": "xxx",
    "<Xxx-son>": "Xxx-son", "<unk>": "unk", "<num>": "num", "<X.X.>": "X.X.", "<9>": "9", "<sign>": "sign", "<@>": "@",
}  # fmt: skip


def words_of(words: Words, forms: bool, *known: str) -> Any:
    """A function from texts to the words that a program with this column knows."""
    column = Column("text", symbol({"<unk>", *known}), "<unk>", Reading(words, forms))
    program = Program((column,), (Assign("word", Input("text")),), (Output("y", "word"),))
    return lambda text: tuple(read(program, text)["text"])


@pytest.mark.parametrize(("word", "expected"), FORMS.items())
def test_forms(word: str, expected: str) -> None:
    assert form(word) == expected


def test_a_class_is_its_own_form() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcXYZsonig.-@#<>9", k=rng.randrange(1, 9))) for _ in range(3000)]
    for word in (*words, *FORMS):
        assert form(f"<{form(word)}>") == form(word)


def test_reading_a_text_and_a_list() -> None:
    known = words_of(Words(), True, "the", "n't", "<xxx-ing>", "<num>")
    assert known("The dog isn't jumping 3 times") == ("the", "<unk>", "<unk>", "n't", "<xxx-ing>", "<num>", "<unk>")
    assert known(["The", "jumping", 3, "3.5", "<unk>"]) == ("the", "<xxx-ing>", "<num>", "<num>", "<unk>")
    assert known([]) == ()
    assert words_of(AS_WRITTEN, False, "3", "The")(["The", "3", "the", 4]) == ("The", "3", "<unk>", "<unk>")


def test_a_word_of_unknown_ending_is_of_its_shape() -> None:
    known = words_of(AS_WRITTEN, True, "the", "<Xxx>")
    assert known(["the", "Bob", "Jackson", "bob", 7, ""]) == ("the", "<Xxx>", "<Xxx>", "<unk>", "<unk>", "<unk>")


def test_a_column_without_a_word_for_others_refuses_them() -> None:
    reading = Reading(Words(), forms=True)
    assert reading.known("Ann", {"ann"}) == "ann"
    assert reading.known("Bob", {"ann"}) is None


@pytest.mark.parametrize("value", ["", "  \n", None, 3, b"x", [None], [1.5], [True]])
def test_what_is_no_text(value: object) -> None:
    with pytest.raises(PellucidError):
        words_of(Words(), False, "a")(value)


def test_read_never_fails_on_a_text_with_a_word() -> None:
    rng = random.Random(1)
    known = words_of(Words(), True, "a", "<sign>")
    for _ in range(500):
        text = "".join(chr(rng.choice([rng.randrange(32, 127), rng.randrange(1, 0x1F9FF)])) for _ in range(20)) + "a"
        assert set(known(text)) <= {"a", "<sign>", "<unk>"}


@pytest.mark.parametrize("forms", [True, False])
def test_json(forms: bool) -> None:
    reading = Reading(Words(numbers=False), forms)
    data = json.loads(json.dumps(plain(reading)))
    assert decoded(data, Reading, "text") == reading
    with pytest.raises(ValueError, match="text: Reading: expected an object with exactly the keys forms, words"):
        decoded({"words": data["words"]}, Reading, "text")
    with pytest.raises(ValueError, match=r"text\.forms: expected bool, got 1"):
        decoded({**data, "forms": 1}, Reading, "text")
