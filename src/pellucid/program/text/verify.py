"""model = IR = emitted text for programs that read texts: on the user's own texts, random words and odd strings.

The user's texts go to the emitted program as they are, so that its reading is checked along with its reasoning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from pellucid.data.tokens import Token
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.program.verify import Model, Verdict, run_text

LONGEST = 64  # words of a random text
MOST = 5_000  # random texts
ODD = 400  # strings of odd characters and words
BATCH = 50_000
SIGNS = "aeT9.,:-'’\"\\/{}[]()<>#@$%&*_ \t\n\u00a0\u2028éİßſΣ中🎉\u0301\x00"
Text = str | tuple[Token, ...]


def verify_texts(
    program: Program,
    source: str,
    model: Model | None,
    known: Iterable[Iterable[Token]],
    raw: Iterable[Any],
    seed: int,
    samples: int,
) -> Verdict:
    """Compare model, IR and emitted text; see `pellucid.program.verify.verify`.

    Args:
        known: lists of words. raw: texts, or lists of words, as the user has them. Empty ones are passed over.
        samples: random inputs, at most `MOST`.

    Raises:
        PellucidError: a raw text without a word, or something that is no text.
    """
    samples = min(samples, MOST)
    vocab = program.vocab
    drawn: list[Text] = [*random_texts(vocab, samples, seed), *odd_texts(vocab, seed)]
    own = dict.fromkeys([text for text in (*map(tuple, known), *map(_plain, raw)) if len(text)])
    inputs = [*own, *(text for text in dict.fromkeys(drawn) if text not in own)]
    checked = mismatches = 0
    example = None
    for start in range(0, len(inputs), BATCH):
        part = inputs[start : start + BATCH]
        read = [vocab.read(text) for text in part]
        told = {} if model is None else {"model": model(read)}
        told |= {"program.json": predict(program, read), "program.py": run_text(source, part)}
        wrong = [i for i, out in enumerate(zip(*told.values(), strict=True)) if any(o != out[0] for o in out[1:])]
        if wrong and example is None:
            text = part[wrong[0]]
            shown = text if isinstance(text, str) else list(text)
            example = {"input": shown, "outputs": {who: out[wrong[0]] for who, out in told.items()}}
        checked, mismatches = checked + len(part), mismatches + len(wrong)
    return Verdict(checked, mismatches, False, 1 - 0.05 ** (1 / max(1, samples)), example, own=len(own))


def _plain(text: Any) -> Text:
    """A text that can be put into a set."""
    return text if isinstance(text, str) else tuple(text.tolist() if hasattr(text, "tolist") else text)


def random_texts(vocab: Vocab, count: int, seed: int) -> list[tuple[Token, ...]]:
    """Random words of the vocabulary: length uniform, half of the texts from few different words."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        length = int(rng.integers(1, LONGEST + 1))
        among = rng.integers(0, len(vocab.tokens), int(rng.integers(2, 9)) if i % 2 else length)
        codes = among if i % 2 == 0 else among[rng.integers(0, len(among), length)]
        found.append(tuple(vocab.tokens[c] for c in codes.tolist()))
    return found


def odd_texts(vocab: Vocab, seed: int) -> list[Text]:
    """Raw texts and lists of odd characters, unknown words, numbers and names of classes; all have a word."""
    rng = np.random.default_rng(seed)
    makers: tuple[Callable[[], str], ...] = (
        lambda: "".join(SIGNS[i] for i in rng.integers(0, len(SIGNS), int(rng.integers(1, 12)))),
        lambda: chr(int(rng.choice([rng.integers(32, 0x2FFF), rng.integers(0x10000, 0x1FFFF)]))) * 2,
        lambda: str(vocab.tokens[int(rng.integers(len(vocab.tokens)))]),
        lambda: str(vocab.tokens[int(rng.integers(len(vocab.tokens)))]).swapcase() + "son",
        lambda: str(int(rng.integers(10**6)) * 1000) + ",5",
        lambda: str(rng.choice(["<unk>", "<num>", "<Xxx-son>", "<xxx-ing>", "<start>", "<none>", "<", "-"])),
    )
    return list(_odd(vocab, makers, rng))


def _odd(vocab: Vocab, makers: tuple[Callable[[], str], ...], rng: np.random.Generator) -> Iterator[Text]:
    for i in range(ODD):
        words = [makers[int(rng.integers(len(makers)))]() for _ in range(int(rng.integers(1, 9)))]
        if i % 2:
            yield tuple(words)
            continue
        text = " ".join(words)
        try:
            vocab.read(text)
        except PellucidError:
            continue  # no word in it
        yield text
