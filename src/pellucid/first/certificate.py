"""The docstring of an emitted program: what it was learnt from, how right it is, and what was checked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from pellucid.data.vocab import Vocab
from pellucid.language.spelling import form
from pellucid.language.words import NUMBER, PATTERN, UNKNOWN, Reading
from pellucid.program.inspect.words import counted
from pellucid.program.ir import Program
from pellucid.program.literals import literal
from pellucid.program.verify import Verdict

WIDTH = 84
LEARNERS = {"search": "program search", "programs": "gradient-trained Transformer Program"}


def certificate(
    name: str,
    seed: int,
    scores: Mapping,
    verdict: Verdict | None,
    program: Program,
    learner: str,
    longer: Mapping[str, Mapping[str, float]],
    given_up: Mapping | None,
    refitted: bool = False,
) -> str:
    """Text of the certificate.

    Args:
        name, seed: what was learnt, and the seed.
        scores: accuracy by part of the data.
        verdict: None while the program is still being checked.
        program: the program.
        learner: which learner found it.
        longer: accuracy on inputs longer than the training's, by what they are.
        given_up: what a simplification that changes the function cost; None where it preserves it.
        refitted: fitted to the validation data as well, in the end.
    """
    vocab = program.vocab
    lines = [f"{name}: a program learned by pellucid ({LEARNERS.get(learner, learner)}, seed {seed}).", ""]
    what = "tokens, whole sequences" if vocab.kind == "tagging" else "labels"
    what = what.replace("tokens, whole sequences", "words, whole texts") if vocab.text is not None else what
    if any("f1" in score for score in scores.values()):
        told = ", ".join(f"{part} {score['f1']:.2%}" for part, score in scores.items() if "f1" in score)
        lines.append(f"F1 of entities: {told}.")
    for part, score in scores.items():
        figures = [f"{score['token']:.2%}"] + ([f"{score['sequence']:.2%}"] if vocab.kind == "tagging" else [])
        lines.append(f"Accuracy on {part} data ({what}): {', '.join(figures)}.")
    if refitted:
        lines.append("Fitted to train and valid data in the end; the valid figure is of a fit to train alone.")
    for part, score in longer.items():
        figures = [f"{score['token']:.2%}"] + ([f"{score['sequence']:.2%}"] if vocab.kind == "tagging" else [])
        lines.append(f"Accuracy on longer inputs, {part} ({what}): {', '.join(figures)}.")
    if vocab.text is not None:
        pass  # they are no longer than those it is judged on
    elif not program.unbounded:
        lines.append("Longer inputs: refused.")
    elif not longer:
        lines.append("Accuracy on longer inputs: not measured.")
    if given_up is not None:
        lines.append(_told(given_up))
    if verdict is not None:
        compared = "trained model, intermediate form" if given_up is None else "intermediate form"
        lines.append(f"Verified: {compared} and this text: {verdict}.")
    if vocab.text is not None:
        lines += [*_reading(vocab, vocab.text), *_wrapped("Labels", vocab.labels)]
        lines.append(f"Longest training text: {counted(vocab.max_length, 'word')}; longer ones are taken.")
        lines += ["", 'Use: run("a text") or run(["its", "words"]), or: python program.py "a text"']
        lines += ["  or: python program.py --jsonl (a JSON string or a JSON list a line)"]
    else:
        lines += _wrapped("Tokens", vocab.tokens) + _wrapped("Labels", vocab.labels)
        lines.append(f"Longest input: {_longest(program)}.")
        lines += ["", "Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"]
    return (
        "\n".join(line for text in lines for line in (textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]))
        + "\n"
    )


def _reading(vocab: Vocab, reading: Reading) -> list[str]:
    """Which words are known, what happens to others, and how a raw text is split."""
    known = [token for token in vocab.tokens if not _is_class(str(token))]
    classes = len(vocab.tokens) - len(known)
    other = f"{literal(UNKNOWN)} to it"
    if reading.forms:
        number = f"{classes:,} class{'' if classes == 1 else 'es'}"
        other = f"told apart by what they look like ({number}, such as {literal(_example(vocab))})"
    case = "small letters" if reading.words.lowercase else "capitals kept"
    numbers = f"numbers become {literal(NUMBER)}" if reading.words.numbers else "numbers as they are"
    default = "" if reading.words.pattern == PATTERN else ", by a pattern of its own"
    return [
        f"Words: {counted(len(known), 'word')} known; others are {other}.",
        f"A raw text is split into words, numbers and signs{default}: {case}, {numbers}.",
    ]


def _is_class(token: str) -> bool:
    """Whether a token stands for unknown words of one kind."""
    return token == f"<{form(token)}>" and token != NUMBER


def _example(vocab: Vocab) -> str:
    classes = [str(token) for token in vocab.tokens if _is_class(str(token)) and token != UNKNOWN]
    return next((token for token in classes if "-" in token), (classes or [UNKNOWN])[0])


def _longest(program: Program) -> str:
    most = counted(program.vocab.max_length, "token")
    return f"{most} in training; longer ones are taken" if program.unbounded else most


def _told(given_up: Mapping) -> str:
    if not given_up:
        return "Picked from the candidates of a run; the trained model beside it is another candidate's."
    parts = {"domain": "all possible inputs"}
    changes = [f"{c['changed']:,} of {c['of']:,} outputs on {parts.get(n, n + ' data')}" for n, c in given_up.items()]
    return f"Compact: made smaller than the trained model; differs from it in {', '.join(changes)}."


def _wrapped(head: str, values: tuple) -> list[str]:
    shown = [literal(v) for v in values[:40]]
    more = f" and {len(values) - 40} more" if len(values) > 40 else ""
    return [f"{head}: {', '.join(shown)}{more}."]
