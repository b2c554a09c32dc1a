"""Which variables of a classifier are needed at the last position only, and so are written as single values."""

from __future__ import annotations

from pellucid.program.ir import Aggregate, Formula, Input, Lookup, Program, Rules, Select, reads


def needed_once(program: Program) -> frozenset[str]:
    """Variables whose value at the last position is all that counts, and that can be worked out there alone.

    The answer of a classifier without pooling is its output at the last position; so is what it reads there, and so on.
    """
    once: set[str] = set()
    if program.vocab.kind != "classification" or program.markers:
        return frozenset()
    wanted, listed = {program.output}, set[str]()
    for a in reversed(program.assignments):
        if isinstance(a.node, Select):
            continue
        here, everywhere = _split(program, a.name)
        if a.name in wanted - listed and here is not None:
            once.add(a.name)
            wanted |= here
            listed |= everywhere
        elif a.name in wanted | listed:
            listed |= (here or set()) | everywhere
    return frozenset(once)


def _split(program: Program, name: str) -> tuple[set[str] | None, set[str]]:
    """What a variable reads at its own position, and what everywhere; None and all where it needs its position."""
    node = program[name]
    match node:
        case Lookup() | Rules() | Formula():
            here, everywhere = set(reads(node)), set[str]()
            plain = not any(program[v] == Input("positions") for v in here)
        case Aggregate(selector, how, value):
            select = program[selector]
            assert isinstance(select, Select)
            here, everywhere = {select.query}, {v for v in (select.key, select.mask, value) if v is not None}
            near = select.kind == "all" and select.reach in ("any", "upto") and select.ties == "none"
            plain = near and how != "take" and program[select.query] != Input("positions")
        case _:
            return None, set(reads(node))
    return (here, everywhere) if plain else (None, here | everywhere)
