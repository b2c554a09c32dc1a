"""Splitting raw text: as documented, as scikit-learn does it, and as an emitted program can with `re` alone."""

import inspect
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from pellucid.data.words import Lexicon
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, NUMERAL, PATTERN, Words, split_words

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from(list("aBnt'’-.,:0129 @#$_\n\téß漢!İ")), st.characters()), max_size=40
)

SPLIT = [
    ("How far is it from Denver to Aspen ?", "how far is it from denver to aspen ?"),
    ("I don't know; she'll say it's fine", "i do n't know ; she 'll say it 's fine"),
    ("pay $1,000.50 at 12:30", "pay $ <num> at <num>"),
    ("the 10th of the 1990s", "the 10th of the 1990s"),
    ("U.S. oil, well-known...", "u.s. oil , well - known ..."),
    ("@name said #this -- twice!!", "@name said #this -- twice ! !"),
    ("Größe naïve 東京", "größe naïve 東京"),
    ("the students' books", "the students ' books"),
]


@pytest.mark.parametrize(("text", "words"), SPLIT)
def test_split_is_as_documented(text, words):
    assert " ".join(Words().split(text)) == words


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_split_equals_scikit_learn(text):
    for rule in (Words(numbers=False), AS_WRITTEN):
        vectorizer = CountVectorizer(token_pattern=PATTERN, lowercase=rule.lowercase)
        assert list(rule.split(text)) == vectorizer.build_analyzer()(text)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_split_loses_nothing_but_spaces(text):
    assert "".join(AS_WRITTEN.split(text)) == "".join(AS_WRITTEN.split(" ".join(AS_WRITTEN.split(text))))
    kept = "".join(text.split())
    assert sorted("".join("".join(AS_WRITTEN.split(text)).split())) == sorted(kept)


def test_split_words_stands_alone():
    text = "Don't pay $1,000 in the U.S."
    call = f"print(split_words({text!r}, {PATTERN!r}, True, '<num>', {NUMERAL!r}))"
    code = f"import re\n{inspect.getsource(split_words)}\n{call}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(list(Words().split(text)))


@pytest.mark.parametrize("rule", [Words(), AS_WRITTEN, Words(pattern=r"\S+", lowercase=False)])
def test_rule_goes_through_json(rule):
    assert Words.from_json(json.loads(json.dumps(rule.to_json()))) == rule


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "words: expected an object with the keys lowercase, numbers, pattern; got []"),
        ({**Words().to_json(), "lowercase": 1}, "words: lowercase is 1; expected true or false"),
        ({**Words().to_json(), "pattern": "("}, "words: pattern is '('; expected a regular expression"),
        ({**Words().to_json(), "pattern": 3}, "words: pattern is 3; expected a regular expression"),
        ({**Words().to_json(), "pattern": "(a)"}, "has groups that capture"),
        ({**Words().to_json(), "pattern": "a*"}, "matches the empty text"),
    ],
)
def test_bad_rule_is_named(value, message):
    with pytest.raises(PellucidError) as caught:
        Words.from_json(value)
    assert message in str(caught.value)


def test_own_tokens_are_taken_as_they_are():
    own = ["New York", "DON'T", "", 7]
    assert Words().tokens(own) == tuple(own)
    assert Words().normal(["Don't", "1,000", 7]) == ("don't", "<num>", "<num>")
    for bad, message in ((None, "null"), (3, "of type int"), ("  ", "no word in the text")):
        with pytest.raises(PellucidError, match=message):
            Words().tokens(bad)


def test_lexicon_keeps_the_frequent_words():
    inputs = [("b", "a", "c"), ("b", "a"), ("b", "<unk>", "<unk>", "d", "d")]
    assert Lexicon.of(inputs).words == ("b", "a", "d")
    assert Lexicon.of(inputs, least=1, most=2).words == ("b", "a")
    lexicon = Lexicon.of(inputs)
    assert lexicon.known(("a", "c", "x")) == ("a", "<unk>", "<unk>")
    assert lexicon.share_known([("a", "c")]) == 0.5
    with pytest.raises(PellucidError, match="least: expected at least 1, got 0"):
        Lexicon.of(inputs, least=0)


def test_long_texts_are_split_in_time():
    assert len(Words().split("1." * 5000 + "a")) > 1
    assert len(Words().split("a" * 200_000)) == 1
