"""Variables as lists over the positions, and what they are called in a comprehension over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pellucid.emit import tree
from pellucid.emit.expressions import Scope, raw
from pellucid.emit.tree import Code, Kind, Line, call, name
from pellucid.emit.writer import Writer
from pellucid.language.nodes import Input, Let

LETTERS = "abcdefgh"
HERE, THERE, NONE = name("i"), name("j"), name("_")
ROWS = "steps"


@dataclass
class Lists:
    """The lists of one program.

    streamed: lists of input that are read where they stand, since they stand there once. listed: columns of several
    that are needed as lists. Both are known from writing the text once; None: not yet.
    """

    writer: Writer
    streamed: frozenset[str] = frozenset()
    listed: frozenset[str] | None = None
    asked: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Kind] = field(default_factory=dict)
    needed: dict[str, Line] = field(default_factory=dict)  # statements of inputs that are needed as lists

    def __post_init__(self) -> None:
        program = self.writer.plan.program
        self.columns = {column.name: column for column in program.inputs}
        self.values: dict[str, str] = {}  # of a column: the variable that is it
        for a in program:
            if isinstance(a.node, Input) and a.node.of == "value":
                self.values.setdefault(a.node.column, a.name)

    @property
    def several(self) -> bool:
        """Whether a step has several columns."""
        return len(self.columns) > 1

    @property
    def first(self) -> str:
        """The list that is read."""
        if self.several:
            return ROWS
        (column,) = self.columns
        if column not in self.values:
            self.values[column] = self.writer.free("tokens")
        return self.values[column]

    def read(self) -> Code:
        """What is read from the user's sequence, as a list; asked for by all that uses it."""
        self.asked[self.first] += 1
        return self.reading() if self.first in self.streamed else name(self.first)

    def reading(self) -> Code:
        """The call that reads the user's sequence."""
        writer, program = self.writer, self.writer.plan.program
        least = [Code("1")] if program.when != "every" and program.empty is None else []
        words = [c for c in program.inputs if c.words is not None]
        texts = words and not self.several
        given = call(writer.helper("words_of"), name("text")) if texts else name("sequence")
        word = ("word", writer.helper("known_word")) if words else None
        lists = frozenset().union(*(writer.known_words(c).names for c in words))
        return call(writer.helper("read"), given, *least, keyword=word).reading(*lists)

    def size(self) -> Code:
        """The number of positions."""
        return call("len", self.read())

    def scalar(self, variable: str) -> Code:
        """A variable that is the same at every position."""
        node = self.writer.plan.program[variable]
        if isinstance(node, Input):
            return self.size()
        return replace(name(variable), kind=self.kinds.get(variable, "value"))

    def list(self, variable: str) -> Code:
        """A variable as a list."""
        plan = self.writer.plan
        node = plan.program[variable]
        if not isinstance(node, Input):
            return name(variable)
        if node.of == "position":
            return call("range", self.size())
        own = self.values.setdefault(node.column, self.first)
        if node.of == "form":
            if variable not in self.needed:
                words, w = self.read() if not self.several else self.list(own), name("w")
                form = call(self.writer.helper("form"), w)
                self.needed[variable] = tree.assign(variable, tree.comprehension("[", form, w, words, [], "]"))
            return name(variable)
        if not self.several:
            return self.read()
        if own not in self.needed:
            letter = self.writer.letter("v")
            column = tree.comprehension("[", letter, self.step({own: letter}), self.read(), [], "]")
            self.needed[own] = tree.assign(own, column)
        return name(own)

    def step(self, letters: dict[str, Code]) -> Code:
        """`a, _`: the columns of one step, by variable."""
        wanted = [letters.get(self.values.get(column, ""), NONE) for column in self.columns]
        return targets(wanted)

    def is_column(self, variable: str) -> bool:
        """Whether a variable is a column of several."""
        node = self.writer.plan.program[variable]
        return self.several and isinstance(node, Input) and node.of == "value" and variable not in (self.listed or ())

    def is_own_name(self, variable: str) -> bool:
        """Whether nothing else has the name of a column, so that its value at one position can."""
        streamed = not self.several and variable == self.first and self.first in self.streamed
        return streamed or (self.is_column(variable) and self.listed is not None)

    def walk(self, bound: dict[str, Code], part: Callable[[Code], Code] = lambda code: code) -> tuple[Code, Code]:
        """(`a, b`, `zip(x, y)`): variables together; columns of one step are taken apart."""
        columns = {v: letter for v, letter in bound.items() if self.is_column(v)}
        pairs: list[tuple[Code, Code]] = [(self.step(columns), part(self.read()))] if columns else []
        pairs += [(letter, part(self.list(v))) for v, letter in bound.items() if v not in columns]
        if not pairs:
            return NONE, part(self.read())
        if len(pairs) == 1:
            return pairs[0]
        targets_, sources = zip(*pairs, strict=True)
        return targets([bracketed(t) for t in targets_]), call("zip", *sources)


def targets(codes: Sequence[Code]) -> Code:
    """`a, b`: variables that a loop binds."""
    if len(codes) == 1:
        return codes[0]
    docs = [code.doc for code in codes]
    joined = tuple(part for doc in docs for part in (", ", doc))[1:]
    return Code(joined, tree.CONDITION, tree.names_of(codes))


def bracketed(target: Code) -> Code:
    """`(a, b)` among others."""
    return replace(target, doc=("(", target.doc, ")"), level=tree.ATOM) if target.level < tree.ATOM else target


@dataclass
class Sweep(Scope):
    """One position after the other, as the `for` of a comprehension goes: variables are letters bound by it.

    letters: for variables in the order they are met. place: what the position is called. by_index: lists are read at
    that position, and no letters are bound; at_end: at the last position. own: columns keep their names.
    """

    lists: Lists
    owner: str
    letters: str = LETTERS
    place: Code = HERE
    by_index: bool = False
    at_end: bool = False
    own: bool = True
    taken: frozenset[str] = frozenset()
    bound: dict[str, Code] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = self.lists.writer

    def code(self, variable: str, letter: str = "") -> Code:
        """What a variable is called there."""
        plan, node = self.plan, self.plan.program[variable]
        if variable in plan.inlined and isinstance(node, Let):
            return raw(node.expression, self)
        if variable in plan.scalars:
            return self.lists.scalar(variable)
        if plan.is_position(variable):
            return tree.plus(self.lists.size(), -1) if self.at_end else self.place
        kind = self.lists.kinds.get(variable, "value")
        if self.by_index or self.at_end:
            place = Code("-1") if self.at_end else self.place
            return replace(tree.index(self.lists.list(variable), place), kind=kind)
        if isinstance(node, Input) and node.of == "value":
            variable = self.lists.values[node.column]
        if variable not in self.bound:
            self.bound[variable] = self.named(variable, letter)
        return replace(self.bound[variable], kind=kind)

    def named(self, variable: str, letter: str) -> Code:
        """A name for one value of a list."""
        if self.own and self.lists.is_own_name(variable):
            return name(self.writer.one(variable))
        used = self.taken | {str(code.doc) for code in self.bound.values()}
        return self.writer.letter(letter or self.letters, used)

    def clause(self, read: frozenset[str], part: Callable[[Code], Code] = lambda code: code) -> tuple[Code, Code]:
        """(target, source) of the `for` that what reads these names needs."""
        bound = {v: code for v, code in self.bound.items() if code.names <= read}
        index = self.place.names <= read
        if index and not bound:
            return self.place, call("range", self.lists.size())
        target, source = self.lists.walk(bound, part)
        if not index:
            return target, source
        return targets([self.place, bracketed(target)]), call("enumerate", source)

    def each(self, element: Code) -> Code:
        """`[element for ...]`."""
        target, source = self.clause(element.names)
        return tree.comprehension("[", element, target, source, [], "]")
