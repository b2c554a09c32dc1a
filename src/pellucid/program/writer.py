"""The parts of an emitted program's text as they come together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pellucid.program.ir import Input, Program
from pellucid.program.layout import Doc, comprehension, lines
from pellucid.program.literals import LINE, container, literal, one_of, settled, table
from pellucid.program.once import needed_once

LETTERS = "abcdefgh"


@dataclass
class Writer:
    """Collects the parts of one program's text."""

    program: Program
    constants: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    otherwise: dict[tuple[int, ...], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {"SYMBOLS", "MAX_LENGTH"})
    body: list[str] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)  # statements of inputs that have not been needed yet
    needed: list[str] = field(default_factory=list)  # those of inputs that have
    helpers: set[str] = field(default_factory=lambda: {"read", "main"})

    def free(self, name: str) -> str:
        """The name of a new constant or function."""
        variables = {a.name for a in self.program}
        while name in self.taken or name in variables:
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

    def one_of(self, name: str, values: Sequence[object]) -> str:
        """A set of values, written where it is used if it is short, else as a constant."""
        short = one_of(values)
        if len(short) < LINE // 2:
            return short
        name = self.free(name)
        self.constants.append(container(f"{name} = ", "{", [*map(literal, values)], "}"))
        return name

    def list(self, name: str) -> str:
        """The name of a variable that is read as a list; an input is written only if one is."""
        if name in self.inputs:
            self.needed.append(self.inputs.pop(name))
        return name

    def statement(self, text: str) -> None:
        """One statement of `run`."""
        self.body.append(settled(f"    {text}"))

    def line(self, target: str, element: Doc, *clauses: str) -> None:
        """`target = [element for ... if ...]`, on several lines where one is too long; `target = element` for one."""
        self.assign(target, element if target in self.once else comprehension(element, *clauses))

    def assign(self, target: str, doc: Doc) -> None:
        """`target = doc`."""
        self.body.append(settled("\n".join(lines(doc, 4, f"{target} = "))))

    def call(self, helper: str) -> str:
        """Note that a runtime function is needed; returns its name."""
        self.helpers.add(helper)
        return helper

    @cached_property
    def once(self) -> frozenset[str]:
        """Variables that are single values: those at the last position."""
        return needed_once(self.program)

    def at_end(self, name: str) -> str:
        """Text of a variable's value at the last position."""
        return self.scalar(name) or (name if name in self.once else f"{self.list(name)}[-1]")

    @property
    def size(self) -> str:
        """Text of the number of positions."""
        return f"len({self.program.tokens})"

    def scalar(self, name: str) -> str | None:
        """Text of an input that needs no list: its value is the same everywhere. None for other variables."""
        match self.program[name]:
            case Input("ones"):
                return "1"
            case Input("length"):
                return "len(sequence)" if self.program.markers else self.size
        return None

    def is_positions(self, name: str | None) -> bool:
        """Whether a variable is the index of its position."""
        return name is not None and self.program[name] == Input("positions")

    def loop(self, names: Sequence[str], letters: Sequence[str] = LETTERS) -> tuple[dict[str, str], str]:
        """How each variable is called at one position, and `for a, b in zip(x, y)`."""
        called = {name: text for name in names if (text := self.scalar(name)) is not None}
        called |= {name: "i" for name in names if self.is_positions(name)}
        rest = [name for name in dict.fromkeys(names) if name not in called]
        if len(rest) > len(letters):
            letters = [f"v{i}" for i in range(len(rest))]
        called |= dict(zip(rest, letters, strict=False))
        return called, f"for {self.walk([called[n] for n in rest], rest, 'i' if 'i' in called.values() else None)}"

    def walk(self, letters: Sequence[str], names: Sequence[str], index: str | None) -> str:
        """`a, b in zip(x, y)`, with the index of the position where one is asked for."""
        many = len(names) > 1
        source = f"zip({', '.join(map(self.list, names))})" if many else "".join(map(self.list, names))
        if index is None:
            return f"{', '.join(letters)} in {source}" if names else f"_ in {self.program.tokens}"
        if not names:
            return f"{index} in range({self.size})"
        target = f"({', '.join(letters)})" if many else letters[0]
        return f"{index}, {target} in enumerate({source})"
