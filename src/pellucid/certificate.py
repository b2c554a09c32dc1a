"""The docstring of an emitted program: what it was learnt from, how right it is, and what was checked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

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
    """
    vocab = program.vocab
    lines = [f"{name}: a program learned by pellucid ({LEARNERS.get(learner, learner)}, seed {seed}).", ""]
    what = "tokens, whole sequences" if vocab.kind == "tagging" else "labels"
    for part, score in scores.items():
        figures = [f"{score['token']:.2%}"] + ([f"{score['sequence']:.2%}"] if vocab.kind == "tagging" else [])
        lines.append(f"Accuracy on {part} data ({what}): {', '.join(figures)}.")
    for part, score in longer.items():
        figures = [f"{score['token']:.2%}"] + ([f"{score['sequence']:.2%}"] if vocab.kind == "tagging" else [])
        lines.append(f"Accuracy on longer inputs, {part} ({what}): {', '.join(figures)}.")
    if not program.unbounded:
        lines.append("Longer inputs: refused.")
    elif not longer:
        lines.append("Accuracy on longer inputs: not measured.")
    if given_up is not None:
        lines.append(_told(given_up))
    if verdict is not None:
        compared = "trained model, intermediate form" if given_up is None else "intermediate form"
        lines.append(f"Verified: {compared} and this text: {verdict}.")
    lines += _wrapped("Tokens", vocab.tokens) + _wrapped("Labels", vocab.labels)
    lines.append(f"Longest input: {_longest(program)}.")
    lines += ["", "Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"]
    return (
        "\n".join(line for text in lines for line in (textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]))
        + "\n"
    )


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
