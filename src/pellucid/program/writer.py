"""The parts of an emitted program's text as they come together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pellucid.program.ir import Program
from pellucid.program.literals import LINE, container, literal, settled, table

NEEDS = {"closest_where": ("nearest",), "closest_upto_where": ("nearest",)}


@dataclass
class Writer:
    """Collects the parts of one program's text."""

    program: Program
    constants: list[str] = field(default_factory=list)
    otherwise: dict[tuple[int, ...], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {"SYMBOLS", "MAX_LENGTH"})
    body: list[str] = field(default_factory=list)
    helpers: set[str] = field(default_factory=lambda: {"read", "main"})

    def free(self, name: str) -> str:
        """The name of a new constant."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def constant(self, name: str, entries: Iterable[tuple[object, object]]) -> str:
        """A new table; returns the name it got."""
        name = self.free(name)
        self.constants.append(table(name, entries))
        return name

    def row(self, name: str, values: Iterable[object]) -> str:
        """A new tuple of values; returns the name it got."""
        name, items = self.free(name), [*map(literal, values)]
        if len(items) == 1:
            self.constants.append(settled(f"{name} = ({items[0]},)"))
        else:
            self.constants.append(container(f"{name} = ", "(", items, ")"))
        return name

    def statement(self, text: str) -> None:
        """One statement of `run`."""
        self.body.append(settled(f"    {text}"))

    def line(self, target: str, element: str, loop: str) -> None:
        """`target = [element loop]`, on three lines where one is too long."""
        flat = f"    {target} = [{element} {loop}]"
        if len(flat) > LINE:
            inner = f"        {element} {loop}"
            flat = f"    {target} = [\n{inner}\n    ]"
            if len(inner) > LINE:
                flat = f"    {target} = [\n        {element}\n        {loop}\n    ]"
        self.body.append(settled(flat))

    def call(self, helper: str) -> str:
        """Note that a runtime function is needed; returns its name."""
        self.helpers |= {helper, *NEEDS.get(helper, ())}
        return helper
