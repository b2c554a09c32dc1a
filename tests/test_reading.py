# ruff: noqa: E501
"""Texts as the words that a vocabulary knows: forms of unknown words, reading, JSON."""

import json
import random

import pytest

from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.language.spelling import form
from pellucid.language.words import AS_WRITTEN, Reading, Words

FORMS = {
    "jumping": "xxx-ing", "Jackson": "Xxx-son", "nation": "xxx-tion", "Portland": "Xxx-land", "sing": "xxx",
    "Bing": "Xxx", "A": "X", "U.S.": "X.X.", "U.S": "X.X.", "NATO": "XXX", "McDonald": "XxX", "iPhone": "XxX",
    "the": "xxx", "1996-08-30": "9", "1,000.5": "9", "$5": "9", "10th": "9x", "B2B": "9x", "...": "sign", "": "sign", "--": "sign",
    "http://a.b": "url", "www.x.org": "url", "@user": "@", "#tag": "#", "@": "sign", "東京": "xxx", "一": "xxx",
    "<Xxx-son>": "Xxx-son", "<unk>": "unk", "<num>": "num", "<X.X.>": "X.X.", "<9>": "9", "<sign>": "sign", "<@>": "@",
}  # fmt: skip


def vocab(words: Words, forms: bool, *tokens: str) -> Vocab:
    return Vocab(tuple(sorted({"<unk>", *tokens})), ("no", "yes"), "classification", 5, text=Reading(words, forms))


@pytest.mark.parametrize(("word", "expected"), FORMS.items())
def test_forms(word: str, expected: str) -> None:
    assert form(word) == expected


def test_a_class_is_its_own_form() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcXYZsonig.-@#<>9", k=rng.randrange(1, 9))) for _ in range(3000)]
    for word in (*words, *FORMS):
        assert form(f"<{form(word)}>") == form(word)


def test_reading_a_text_and_a_list() -> None:
    v = vocab(Words(), True, "the", "n't", "<xxx-ing>", "<num>")
    assert v.read("The dog isn't jumping 3 times") == ("the", "<unk>", "<unk>", "n't", "<xxx-ing>", "<num>", "<unk>")
    assert v.read(["The", "jumping", 3, "3.5", "<unk>"]) == ("the", "<xxx-ing>", "<num>", "<num>", "<unk>")
    assert v.read([]) == ()
    assert vocab(AS_WRITTEN, False, "3", "The").read(["The", 3, "the", 4]) == ("The", "3", "<unk>", "<unk>")


def test_match_never_raises_on_words() -> None:
    v = vocab(AS_WRITTEN, True, "the", "<Xxx>")
    assert [v.match(word) for word in ("the", "Bob", "bob", 7, "")] == ["the", "<Xxx>", "<unk>", "<unk>", "<unk>"]


@pytest.mark.parametrize("value", ["", "  \n", None, 3, b"x", [None], [1.5], [True], [["a"]]])
def test_what_is_no_text(value: object) -> None:
    with pytest.raises(PellucidError):
        vocab(Words(), False, "a").read(value)


def test_read_never_fails_on_a_text_with_a_word() -> None:
    rng = random.Random(1)
    v = vocab(Words(), True, "a", "<sign>")
    for _ in range(500):
        text = "".join(chr(rng.choice([rng.randrange(32, 127), rng.randrange(1, 0x1F9FF)])) for _ in range(20)) + "a"
        assert set(v.read(text)) <= set(v.tokens)


@pytest.mark.parametrize("forms", [True, False])
def test_json(forms: bool) -> None:
    v = vocab(Words(numbers=False), forms, "a", "b")
    data = json.loads(json.dumps(v.to_json()))
    assert Vocab.from_json(data) == v
    assert "text" not in Vocab.of(["a"], ["b"], "tagging", 3).to_json()
    with pytest.raises(PellucidError, match="forms"):
        Vocab.from_json({**data, "text": {"words": data["text"]["words"]}})
    with pytest.raises(PellucidError, match="forms"):
        Vocab.from_json({**data, "text": {**data["text"], "forms": 1}})


def test_a_text_vocabulary_needs_unknown_words() -> None:
    with pytest.raises(PellucidError, match="<unk>"):
        Vocab(("a",), ("x",), "classification", 3, text=Reading())
    with pytest.raises(PellucidError, match="no numbers"):
        Vocab((1, "<unk>"), ("x",), "classification", 3, text=Reading())
