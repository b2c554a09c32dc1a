"""Kinds of the variables of a searched model, without running it on data."""

from __future__ import annotations

from pellucid.search.genes import ARITHMETIC, Choose, Head, Member, Unit
from pellucid.search.model import Model


def kinds_of(model: Model) -> dict[int, str]:
    """token, number or flag, by variable number; genes of a model are well typed."""
    kinds = dict(enumerate(["token", "number", *["number"] * (model.base.count - 2)]))
    for number, gene in enumerate(model.genes, model.base.count):
        match gene:
            case Head(how="any"):
                kinds[number] = "flag"
            case Head(how="count" | "sum"):
                kinds[number] = "number"
            case Head(value=value):
                kinds[number] = "token" if kinds[value] == "token" else "number"
            case Unit(op=op):
                kinds[number] = "number" if op in ARITHMETIC else "flag"
            case Member(signed=signed):
                kinds[number] = "number" if signed else "flag"
            case Choose(then=then, otherwise=otherwise):
                kinds[number] = kinds[then] if kinds[then] == kinds[otherwise] else "number"
    return kinds
