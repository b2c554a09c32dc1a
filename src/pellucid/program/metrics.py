"""Accuracy of outputs against a data set."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.data.dataset import Dataset


def accuracy(outputs: Sequence, dataset: Dataset) -> dict[str, float]:
    """Share of scored tokens and of whole sequences that are right, each in 0..1.

    Positions whose label is None are not scored. For a classifier both figures are the share of right labels. A
    sequence without a scored position counts in neither figure.
    """
    if len(outputs) != len(dataset):
        raise ValueError(f"{len(outputs)} outputs for {len(dataset)} inputs")
    if dataset.kind == "classification":
        share = sum(a == b for a, b in zip(outputs, dataset.outputs, strict=True)) / max(1, len(dataset))
        return {"token": share, "sequence": share}
    right = scored = whole = sequences = 0
    for given, wanted in zip(outputs, dataset.outputs, strict=True):
        hits = [a == b for a, b in zip(given, wanted, strict=True) if b is not None]
        right, scored = right + sum(hits), scored + len(hits)
        whole, sequences = whole + (bool(hits) and all(hits)), sequences + bool(hits)
    return {"token": right / max(1, scored), "sequence": whole / max(1, sequences)}
