"""The vocabulary: between the user's own tokens and labels and the codes a model works with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.codes import flat_codes
from pellucid.data.dataset import Dataset, Splits, count
from pellucid.data.tokens import KINDS, PAD, Kind, Markers, Token, lenient, sort_tokens
from pellucid.errors import PellucidError
from pellucid.language.words import UNKNOWN, Reading
from pellucid.values import as_token, describe, is_sequence, listing, show


@dataclass(frozen=True)
class Encoded:
    """A data set as arrays.

    tokens: int32 [n, width]; labels: int32 [n, width] (tagging) or [n] (classification). -1 = padding, or not scored.
    """

    tokens: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Vocab:
    """Tokens, labels and markers of a task; the code of a symbol or label is its index.

    tokens, labels: the user's own, integers first by value, then strings. max_length: longest input, in user tokens.
    begin, end: markers the model puts around an input (end may be absent), never equal to a user token.
    text: of a vocabulary of texts, how they are read: any word is taken, `tokens` are the known words and the classes
    of unknown ones, `<unk>` among them, and `max_length` is that of the longest training text, no limit.
    """

    tokens: tuple[Token, ...]
    labels: tuple[Token, ...]
    kind: Kind
    max_length: int
    begin: str = "<s>"
    end: str | None = None
    causal: bool = False
    text: Reading | None = None

    def __post_init__(self) -> None:
        if self.text is not None:
            _require(UNKNOWN in self._token_codes, "tokens", self.tokens, f"{UNKNOWN} among the words of a text")
            _require(all(isinstance(t, str) for t in self.tokens), "tokens", self.tokens, "words of a text, no numbers")

    @classmethod
    def from_dataset(cls, *data: Dataset | Splits, causal: bool = False, markers: Markers = "begin") -> "Vocab":
        """The vocabulary of everything that occurs in the data sets given.

        Give all splits: a token or label that occurs in valid or test only must have a code too.

        Raises:
            PellucidError: no data, differing kinds, or no scored position at all.
        """
        sets = [d for item in data for d in (item.parts().values() if isinstance(item, Splits) else (item,))]
        kinds: set[Kind] = {d.kind for d in sets}
        if len(kinds) != 1:
            raise PellucidError(f"a vocabulary needs data sets of one kind; got {listing(sorted(kinds)) or 'none'}")
        tokens = {t for d in sets for sequence in d.inputs for t in sequence}
        labels = {label for d in sets for label in d.labels()}
        if not tokens or not labels:
            raise PellucidError("the data holds no scored position: every label is null (None)")
        longest = max(len(sequence) for d in sets for sequence in d.inputs)
        return cls.of(tokens, labels, kinds.pop(), longest, causal, markers)

    @classmethod
    def of(
        cls,
        tokens: Iterable[Token],
        labels: Iterable[Token],
        kind: Kind,
        max_length: int,
        causal: bool = False,
        markers: Markers = "begin",
    ) -> "Vocab":
        """A vocabulary of the tokens and labels given, markers named so that no token has their name."""
        ordered = sort_tokens(tokens)
        end = _marker("</s>", ordered) if markers == "both" else None
        return cls(ordered, sort_tokens(labels), kind, max_length, _marker("<s>", ordered), end, causal)

    @property
    def symbols(self) -> tuple[Token, ...]:
        """All symbols a model sees, by code: tokens, begin marker, end marker if there is one."""
        return (*self.tokens, self.begin) + (() if self.end is None else (self.end,))

    @property
    def width(self) -> int:
        """Positions in the model: begin marker (position 0), tokens, end marker."""
        return self.max_length + 1 + (self.end is not None)

    @cached_property
    def _token_codes(self) -> dict[Token, int]:
        return {t: i for i, t in enumerate(self.tokens)}

    @cached_property
    def _label_codes(self) -> dict[Token | None, int]:
        return {None: PAD} | {t: i for i, t in enumerate(self.labels)}

    def encode_inputs(self, sequences: Iterable[Sequence[Token]]) -> np.ndarray:
        """Codes of the sequences with their markers, int32 [n, width], -1 after the end.

        Raises:
            PellucidError: an empty or too long sequence, or an unknown token.
        """
        rows = [s if isinstance(s, tuple) else tuple(s) for s in sequences]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        if len(rows) and (lengths.min() < 1 or lengths.max() > self.max_length):
            self._explain_length(rows)
        codes = flat_codes(rows, self._token_codes, "input")
        out = np.full((len(rows), self.width), PAD, np.int32)
        out[:, 0] = len(self.tokens)
        place = np.arange(self.width)
        out[(place >= 1) & (place <= lengths[:, None])] = codes
        if self.end is not None:
            out[np.arange(len(rows)), lengths + 1] = len(self.tokens) + 1
        return out

    def encode(self, dataset: Dataset) -> Encoded:
        """Inputs and outputs as codes; labels at position i + 1 for input symbol i, -1 where not scored.

        Raises:
            PellucidError: as `encode_inputs`; an unknown label; a data set of another kind.
        """
        if dataset.kind != self.kind:
            raise PellucidError(f"the data is for {dataset.kind}; this vocabulary is for {self.kind}")
        tokens = self.encode_inputs(dataset.inputs)
        if self.kind == "classification":
            rows = [(label,) for label in dataset.outputs]
            return Encoded(tokens, flat_codes(rows, self._label_codes, "output"))
        lengths = np.fromiter(map(len, dataset.inputs), np.int64, len(dataset))
        if lengths.tolist() != [len(output) for output in dataset.outputs]:
            raise PellucidError("inputs and outputs differ in length; tagging needs one label per input symbol")
        labels = np.full(tokens.shape, PAD, np.int32)
        place = np.arange(self.width)
        labels[(place >= 1) & (place <= lengths[:, None])] = flat_codes(dataset.outputs, self._label_codes, "output")
        return Encoded(tokens, labels)

    def decode(self, codes: np.ndarray, inputs: Sequence[Sequence[Token]]) -> tuple[Any, ...]:
        """Predicted label codes ([n, width], or [n] in classification) as the user's own labels, markers left out."""
        rows = np.asarray(codes).tolist()
        if self.kind == "classification":
            return tuple(self.labels[c] for c in rows)
        pairs = zip(rows, inputs, strict=True)
        return tuple(tuple(self.labels[c] for c in row[1 : 1 + len(seq)]) for row, seq in pairs)

    @cached_property
    def _lenient_tokens(self) -> dict[Token, Token]:
        return lenient(self.tokens)

    @cached_property
    def _lenient_labels(self) -> dict[Token, Token]:
        return lenient(self.labels)

    def read(self, value: Any) -> tuple[Token, ...]:
        """The words of a text as the program knows them: for a vocabulary of texts.

        Args:
            value: a raw text, which is split; or a list of words, which are taken as they are.

        Raises:
            PellucidError: neither of them, or a raw text without a word.
        """
        assert self.text is not None
        if isinstance(value, str):
            return tuple(map(self._word, self.text.words.tokens(value)))
        if not is_sequence(value):
            raise PellucidError(f"{describe(value)}; expected a text, or a list of words")
        return tuple(map(self._word, self.text.normal(value.tolist() if hasattr(value, "tolist") else value)))

    def _word(self, word: Token) -> Token:
        assert self.text is not None
        if word in self._token_codes:
            return word
        kind = self.text.unknown(word)
        shape = kind.partition("-")[0] + ">"  # of a form whose ending is not known
        return next((known for known in (kind, shape) if known in self._token_codes), UNKNOWN)

    def match(self, token: Any) -> Token:
        """The vocabulary's token for one read from CSV or the shell, where 1 and "1" look alike.

        The exact token; else the one token with the same text. Of a text: the word, or its class where it is unknown.

        Raises:
            PellucidError: there is none; the known tokens are listed.
        """
        if self.text is not None:
            return self.read((token,))[0]
        found = self._lenient_tokens.get(as_token(token))
        if found is None:
            raise PellucidError(f"unknown token {show(token)}; known: {listing(self.tokens)}")
        return found

    def match_dataset(self, dataset: Dataset) -> Dataset:
        """The data set with tokens and labels matched leniently; an unknown label stays (a sure miss, not an error).

        Raises:
            PellucidError: an unknown token.
        """
        inputs = []
        for i, sequence in enumerate(dataset.inputs):
            try:
                inputs.append(tuple(self.match(t) for t in sequence) if self.text is None else self.read(sequence))
            except PellucidError as error:
                raise PellucidError(f"example {i + 1}: {error}") from None
        known = self._lenient_labels
        if dataset.kind == "classification":
            outputs = tuple(known.get(y, y) for y in dataset.outputs)
        else:
            outputs = tuple(tuple(known.get(y, y) for y in output) for output in dataset.outputs)
        return Dataset(tuple(inputs), outputs, dataset.kind)

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal vocabulary."""
        return {
            "tokens": list(self.tokens),
            "labels": list(self.labels),
            "kind": self.kind,
            "max_length": self.max_length,
            "begin": self.begin,
            "end": self.end,
            "causal": self.causal,
            **({} if self.text is None else {"text": self.text.to_json()}),
        }

    @classmethod
    def from_json(cls, value: Any) -> "Vocab":
        """A vocabulary from parsed JSON, every field checked.

        Raises:
            PellucidError: naming the field that is wrong.
        """
        names = {"tokens", "labels", "kind", "max_length", "begin", "end", "causal"}
        if not isinstance(value, dict) or set(value) - {"text"} != names:
            got = listing(value) if isinstance(value, dict) else show(value)
            raise PellucidError(f"vocabulary: expected an object with the keys {', '.join(sorted(names))}; got {got}")
        tokens, labels = _ordered("tokens", value["tokens"]), _ordered("labels", value["labels"])
        begin, end = value["begin"], value["end"]
        length = value["max_length"]
        _require(value["kind"] in KINDS, "kind", value["kind"], "tagging or classification")
        _require(type(length) is int and length >= 1, "max_length", length, "a whole number from 1")
        _require(isinstance(begin, str) and begin not in tokens, "begin", begin, "a string that is no token")
        free = end is None or (isinstance(end, str) and end not in tokens and end != begin)
        _require(free, "end", end, "null or a string that is no token and not the begin marker")
        _require(isinstance(value["causal"], bool), "causal", value["causal"], "true or false")
        text = Reading.from_json(value["text"]) if "text" in value else None
        return cls(tokens, labels, value["kind"], length, begin, end, value["causal"], text)

    def _explain_length(self, rows: Sequence[Sequence[Token]]) -> None:
        for i, row in enumerate(rows):
            if len(row) > self.max_length:
                raise PellucidError(
                    f"input {i + 1} has {count(row)}; the longest this vocabulary takes has {self.max_length}"
                )
            if not row:
                raise PellucidError(f"input {i + 1} is empty; expected at least one symbol")


def _marker(name: str, tokens: Sequence[Token]) -> str:
    while name in tokens:
        name += "_"
    return name


def _require(condition: bool, field: str, value: object, expected: str) -> None:
    if not condition:
        raise PellucidError(f"vocabulary: {field} is {show(value)}; expected {expected}")


def _ordered(field: str, value: Any) -> tuple[Token, ...]:
    ok = isinstance(value, list) and len(value) > 0 and all(type(t) in (int, str) for t in value)
    expected = "a list of different strings and integers: integers by value, then strings"
    _require(ok and sort_tokens(value) == tuple(value), field, value, expected)
    return tuple(value)
