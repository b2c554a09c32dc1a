"""The docstring of an emitted program: what it was learnt from, how right it is, and what was checked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from pellucid.data.vocab import Vocab
from pellucid.program.literals import literal
from pellucid.program.verify import Verdict

WIDTH = 84


def certificate(name: str, seed: int, scores: Mapping, verdict: Verdict | None, vocab: Vocab) -> str:
    """Text of the certificate; `verdict` None while the program is still being checked."""
    lines = [f"{name}: a program learned by pellucid (seed {seed}).", ""]
    what = "tokens, whole sequences" if vocab.kind == "tagging" else "labels"
    for part, score in scores.items():
        figures = [f"{score['token']:.2%}"] + ([f"{score['sequence']:.2%}"] if vocab.kind == "tagging" else [])
        lines.append(f"Accuracy on {part} data ({what}): {', '.join(figures)}.")
    if verdict is not None:
        lines.append(f"Verified: trained model, intermediate form and this text: {verdict}.")
    lines += _wrapped("Tokens", vocab.tokens) + _wrapped("Labels", vocab.labels)
    lines.append(f"Longest input: {vocab.max_length} tokens.")
    lines += ["", "Use: run([...]), or: python program.py TOKEN ..., or: python program.py --jsonl"]
    return (
        "\n".join(line for text in lines for line in (textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]))
        + "\n"
    )


def _wrapped(head: str, values: tuple) -> list[str]:
    shown = [literal(v) for v in values[:40]]
    more = f" and {len(values) - 40} more" if len(values) > 40 else ""
    return [f"{head}: {', '.join(shown)}{more}."]
