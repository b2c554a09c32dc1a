"""What the text of one program is made of as it comes together: constants, functions, helpers, names."""

from __future__ import annotations

import ast
import builtins
import inspect
import itertools
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pellucid.emit import runtime
from pellucid.emit.layout import WIDTH
from pellucid.emit.plan import Plan
from pellucid.emit.tree import Code, Line, function, name, returned, settled
from pellucid.language.aggregates import AGGREGATES, Aggregation
from pellucid.language.expressions import Var
from pellucid.language.forms import ATOM, PRODUCT, SIGN
from pellucid.language.nodes import Column, Input
from pellucid.language.types import Value
from pellucid.values import literal

MODULES = {"json", "math", "re", "sys", "functools", "Counter", "deque"}
HELPERS = {"divide", "safe", "rounded", "ratio", "SHAPES", "ENDINGS"}
HELPERS |= {row.pasted.__name__ for row in AGGREGATES.values() if row.pasted is not None}
# Names that emitted programs use for something else; other letters of loops give way to variables of that name.
RESERVED = {
    *dir(builtins), *keyword.kwlist, *vars(runtime), *MODULES, *HELPERS,
    "sequence", "steps", "outputs", "text", "i", "j",
}  # fmt: skip


def lambda_text(function: Callable) -> tuple[list[str], str]:
    """(parameters, expression) of a lambda, found in its file by its line and its code."""
    file, code = inspect.getsourcefile(function), function.__code__
    assert file is not None
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            made = compile(ast.fix_missing_locations(ast.Expression(node)), file, "eval").co_consts[0]
            if (made.co_code, made.co_names) == (code.co_code, code.co_names):
                return [arg.arg for arg in node.args.args], ast.unparse(node.body)
    raise ValueError(f"{file}:{code.co_firstlineno}: no text of this lambda")


def usable(variable: str) -> bool:
    """Whether a variable can have this name in an emitted program. Constants are upper case, so they never clash."""
    plain = re.fullmatch("[a-z][a-z0-9_]*", variable) is not None
    return plain and variable not in RESERVED


@dataclass
class Writer:
    """Collects the parts of one program's text."""

    plan: Plan
    constants: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)  # constants that hold words
    functions: dict[str, Line] = field(default_factory=dict)
    pasted: dict[str, Callable] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)  # owner and content of a constant: its name
    tables: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)  # of a column of words: the constant with all of them

    def __post_init__(self) -> None:
        self.taken = {*self.plan.program.nodes, *RESERVED}

    def free(self, base: str) -> str:
        """A new name."""
        found, count = base, 1
        while found in self.taken:
            count += 1
            found = f"{base}_{count}"
        self.taken.add(found)
        return found

    def one(self, variable: str) -> str:
        """What one value of a variable is called: the singular of an input's name."""
        singular = variable.removesuffix("s")
        if isinstance(self.plan.program.nodes.get(variable), Input) and len(singular) > 2 and usable(singular):
            return singular if singular not in self.plan.program.nodes else variable
        return variable

    def constant(self, owner: str, entries: Sequence[tuple[object, object]]) -> str:
        """A new table named after a variable."""
        return self._add(owner, lambda called: table(called, entries))

    def one_of(self, owner: str, values: Sequence[Value]) -> str:
        """A new set."""
        return self._add(owner, lambda called: container(f"{called} = ", "{", [*map(literal, values)], "}"))

    def row(self, owner: str, values: Sequence[object]) -> str:
        """A new tuple; an equal one is used again."""
        return self._add(owner, lambda called: row(called, values))

    def evidence(self, owner: str, rows: Sequence[tuple[Value, tuple[int, ...]]]) -> str:
        """A new table of evidence, a value a line."""
        return self._add(owner, lambda called: evidence_rows(called, rows))

    def otherwise(self, weights: tuple[int, ...]) -> str:
        """The evidence of values that are not listed; equal ones share a constant."""
        return self.row("other_evidence" if any(weights) else "no_evidence", weights)

    def _add(self, owner: str, made: Callable[[str], str]) -> str:
        """A constant named after its owner; one with the same content is used again."""
        key = owner, made("")
        if key not in self.named:
            self.named[key] = called = self.free(owner.upper())
            self.constants[called] = made(called)
        return self.named[key]

    def paste(self, function: Callable) -> Code:
        """Note that a function may be needed; its name."""
        self.pasted[function.__name__] = function
        return name(function.__name__)

    def meaning(self, row: Aggregation) -> Code:
        """The function that a row means: its own text, which must stand alone."""
        if row.meaning.__name__ != "<lambda>":
            return self.paste(row.meaning)
        called = f"{row.name}_of"
        if called not in self.functions:
            parameters, told = lambda_text(row.meaning)
            self.functions[called] = function(called, parameters, [returned(Code(told))])
        return name(called)

    def helper(self, called: str) -> Code:
        """Note that a function of the runtime may be needed; its name."""
        return self.paste(getattr(runtime, called))

    def letter(self, wanted: str, used: Iterable[str] = ()) -> Code:
        """The first of these letters that nothing else is called; numbered ones where all are."""
        taken = {*self.plan.program.nodes, *used, "i", "j"}
        numbered = (f"{wanted[0]}{n}" for n in itertools.count())
        return name(next(letter for letter in itertools.chain(wanted, numbered) if letter not in taken))

    def known_words(self, column: Column) -> Code:
        """The constant that lists all words of a column: that of a table over most of them, where there is one."""
        if column.name not in self.known:
            owner = self.plan.listing(column)
            if owner is None:
                called = self.free("KNOWN_WORDS")
                self.words[called] = word_lists(called, [(word, "known") for word in column.type.texts])
            else:
                called = self.word_table(owner)[0]
            self.known[column.name] = called
        return name(self.known[column.name])

    def word_table(self, variable: str) -> tuple[str, str | None]:
        """(constant, separator) of a table of words, made when it is first asked for.

        The one that says which words of a column are known lists all of them. Several variables are put together to
        one word where that can be taken apart again.
        """
        if variable not in self.tables:
            table = self.plan.words[variable]
            owned = (c for c in self.plan.program.inputs if self.plan.listing(c) == variable)
            every = next((column.type.texts for column in owned), ())
            listed = {key for key, _ in table.cases}
            cases = [*table.cases, *(((word,), table.default) for word in every if (word,) not in listed)]
            domains = [self.plan.types[arg.name].values or () for arg in table.args if isinstance(arg, Var)]
            between = separator([key for key, _ in cases], domains) if len(domains) > 1 else None
            keys = [key[0] if len(key) == 1 else between.join(map(str, key)) if between else key for key, _ in cases]
            called = self.free(variable.upper())
            outcomes = [outcome for _, outcome in cases]
            self.words[called] = word_lists(called, zip(keys, outcomes, strict=True), self.plan.telling(variable))
            self.tables[variable] = called, between
        return self.tables[variable]


SEPARATORS = ("_", "+", "~", "|", "^", "=", "/", "->", "::")
Key = Value | tuple[Value, ...]


def constant(value: object) -> Code:
    """A plain value; a fraction as the shortest text of the float nearest to it."""
    if not isinstance(value, Fraction):
        text = literal(value)
        return Code(text, SIGN if text.startswith("-") else ATOM)
    decimal = repr(float(value))
    if value.denominator == 1 or ("e" not in decimal and Fraction(decimal) == value):
        return Code(decimal, SIGN if value < 0 else ATOM)
    return Code(f"{value.numerator} / {value.denominator}", PRODUCT)


def one_of(values: Iterable[object]) -> str:
    """Source of a set display."""
    return "{" + ", ".join(map(literal, values)) + "}"


def table(name: str, entries: Iterable[tuple[object, object]]) -> str:
    """`name = {key: value, ...}`, several entries a line when it does not fit on one."""
    return container(f"{name} = ", "{", [f"{literal(key)}: {literal(value)}" for key, value in entries], "}")


def row(name: str, values: Iterable[object]) -> str:
    """`name = (value, ...)`."""
    items = [*map(literal, values)]
    return settled(f"{name} = ({items[0]},)") if len(items) == 1 else container(f"{name} = ", "(", items, ")")


def container(head: str, opening: str, items: list[str], closing: str) -> str:
    """A display on one line if it fits, else wrapped lines kept as they are by formatters."""
    flat = f"{head}{opening}{', '.join(items)}{closing}"
    if len(flat) <= WIDTH or len(items) == 1:
        return settled(flat)
    lines = _filled([f"{item}," for item in items], 4)
    return "\n".join([head + opening, *("    " + line for line in lines), closing + "  # fmt: skip"])


def _filled(pieces: Sequence[str], indent: int, shown: Callable[[str], str] = str) -> list[str]:
    """Lines of several pieces each, with spaces between, as many as fit so far in as they are `shown`."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = f"{lines[-1]} {piece}"
        if indent + len(shown(longer)) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def docstring(text: str) -> str:
    """A module docstring holding this text, whatever is in it; space around it and at line ends goes."""
    lines = [line.rstrip(" ") for line in inspect.cleandoc(text).split("\n")]
    safe = "\n".join("".join(c if c.isprintable() and c != "\\" else repr(c)[1:-1] for c in line) for line in lines)
    return '"""' + re.sub(r'^"|"(?="|\Z)', r'\\"', safe.strip()) + '"""'


# ---------------------------------------------------------------- words


def word_lists(name: str, cases: Iterable[tuple[Key, Value]], first: Sequence[Value] = ()) -> str:
    """`name = {outcome: "its words", ...}`.

    Args:
        name: of the constant.
        cases: words, or tuples of values, with their outcomes; the order of the words stays.
        first: outcomes that come first, in this order.
    """
    groups: dict[Value, list[Key]] = {outcome: [] for outcome in first}
    for key, outcome in cases:
        groups.setdefault(outcome, []).append(key)
    entries = [_entry(outcome, keys) for outcome, keys in groups.items() if keys]
    if not entries:
        return f"{name} = {{}}"
    wrapped = any("\n" in entry for entry in entries)
    text = "\n".join([f"{name} = {{", *entries, "}"])
    return text + "  # fmt: skip" if wrapped else settled(text)


def separator(keys: Iterable[tuple[Value, ...]], domains: Iterable[Iterable[Value]]) -> str | None:
    """What can stand between the words of the keys, so that the whole is one word and means one key only.

    None where nothing can: a word is no text, or there is white space in it.
    """
    listed = {word for key in keys for word in key}
    if not all(isinstance(value, str) for domain in domains for value in domain):
        return None
    if not all(_is_word(word) for word in listed):
        return None
    return next((s for s in SEPARATORS if not any(s in str(word) for word in listed)), None)


def evidence_rows(name: str, rows: Iterable[tuple[Value, tuple[int, ...]]]) -> str:
    """`name = {value: weights, ...}`, one row a line, those that tell most first."""
    ordered = sorted(rows, key=lambda row: min(row[1]) - max(row[1]))
    lines = [f"    {literal(value)}: {literal(weights)}," for value, weights in ordered]
    return settled("\n".join([f"{name} = {{", *lines, "}"])) if lines else f"{name} = {{}}"


def _entry(outcome: Value, keys: Sequence[Key]) -> str:
    """One outcome with its keys: a string of words where none of them would come apart, else a tuple."""
    head = f"    {literal(outcome)}: "
    plain = all(_is_word(key) for key in keys)
    whole = literal(" ".join(map(str, keys))) if plain else literal(tuple(keys))
    if len(head) + len(whole) < WIDTH and whole.isascii():
        return f"{head}{whole},"
    if plain:
        *lines, last = _filled([*map(str, keys)], 8, lambda line: literal(f"{line} "))
        pieces = [*(literal(f"{line} ") for line in lines), literal(last)]
    else:
        pieces = _filled([f"{literal(key)}," for key in keys], 8)
    return "\n".join([f"{head}(", *("        " + piece for piece in pieces), "    ),"])


def _is_word(key: object) -> bool:
    """Whether splitting at white space leaves it whole."""
    return isinstance(key, str) and key.split() == [key]
