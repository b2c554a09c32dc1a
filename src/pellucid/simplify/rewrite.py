"""Small changes of a program that the passes share: each is made only where the program stays well formed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps

from pellucid.language.columns import Assign, ProgramError
from pellucid.language.expressions import Var
from pellucid.language.nodes import Let, Node, renamed
from pellucid.language.program import Program
from pellucid.simplify.facts import Facts
from pellucid.simplify.sizes import program_size


def attempt(program: Program, make: Callable[[], Program], spare: int = 0) -> Program:
    """What `make` gives without what nothing needs, where that is as good as the program; else the program.

    It must be well formed, take inputs as long, and be no larger, by more than `spare` AST nodes.
    """
    try:
        changed = make().pruned()
        _ = changed.types
    except ProgramError:
        return program
    if program.takes_longer and not changed.takes_longer:
        return program
    return changed if program_size(changed) <= program_size(program) + spare else program


def each(program: Program, change: Callable[[Program, str, Node], Program]) -> Program:
    """The program after `change(program, name, node)` for every variable that is still there."""
    for name in tuple(program.nodes):
        if name in program.nodes:
            program = change(program, name, program[name])
    return program


def on_each(change: Callable[[Program, str, Node, Facts], Program]) -> Callable[[Program, Facts], Program]:
    """A pass that changes the program for every variable that is still there, the one after the other."""

    @wraps(change)
    def made(program: Program, facts: Facts) -> Program:
        return each(program, lambda program, name, node: change(program, name, node, facts))

    return made


def with_node(program: Program, name: str, node: Node, spare: int = 0) -> Program:
    """The program with another node of this name, or with the variable that it copies, where that is as good."""
    match node:
        case Let(Var(other)):
            return attempt(program, lambda: aliased(program, name, other), spare)
    return attempt(program, lambda: with_nodes(program, {name: node}), spare)


def with_nodes(program: Program, nodes: Mapping[str, Node]) -> Program:
    """The program with other nodes of these names."""
    return program.map(lambda a: nodes.get(a.name, a.node))


def aliased(program: Program, old: str, new: str) -> Program:
    """`new` read wherever `old` is, and given out where `old` is."""
    outputs = tuple(replace(o, variable=new) if o.variable == old else o for o in program.outputs)
    kept = tuple(Assign(a.name, renamed(a.node, {old: new})) for a in program if a.name != old)
    return replace(program, assignments=kept, outputs=outputs)


def before(program: Program, name: str, extra: Assign) -> Program:
    """The program with one more assignment before that of `name`."""
    at = [a.name for a in program].index(name)
    assigns = program.assignments
    return replace(program, assignments=(*assigns[:at], extra, *assigns[at:]))


def fresh(program: Program, base: str) -> str:
    """A name like `base` that the program does not have."""
    while base in program.nodes:
        base += "_"
    return base
