"""A small tree of Python text: expressions that know what they use and how tightly they bind, and statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pellucid.emit.layout import LINE, SOFT, Break, Doc, Group, Indent, ends_in_brackets, hugged, rendered
from pellucid.language import forms
from pellucid.language.forms import AND, ATOM, COMPARISON, CONDITION, NOT, OR, POWER, PRODUCT, SUM, Form

Kind = Literal["value", "truth", "test"]


@dataclass(frozen=True)
class Code:
    """An expression.

    Args:
        doc: its text.
        level: how tightly it binds, as in `language.forms`.
        names: everything it reads: variables, constants, modules, functions.
        kind: `value`: exactly that; `truth`: a bool, or 0 or 1; `test`: only whether it is true is right.
        compares: (left, sign, right) where it is a comparison that has an opposite.
        adds: (left, sign, right) where it is a sum or difference of two.
    """

    doc: Doc
    level: int = ATOM
    names: frozenset[str] = frozenset()
    kind: Kind = "value"
    compares: tuple[Code, str, Code] | None = field(default=None, compare=False)
    adds: tuple[Doc, str, Doc] | None = field(default=None, compare=False)

    def at(self, level: int) -> Doc:
        """Its text, in brackets if it binds less tightly than `level`."""
        return self.doc if self.level >= level else brackets("(", [self.doc], ")")

    @property
    def simple(self) -> bool:
        """Whether it is a name or a short constant, which may stand twice."""
        return isinstance(self.doc, str)

    def reading(self, *names: str) -> Code:
        """The same, reading these names, too."""
        return replace(self, names=self.names | {*names})


def name(text: str) -> Code:
    """A name."""
    return Code(text, names=frozenset({text}))


def names_of(codes: Iterable[Code]) -> frozenset[str]:
    """Everything that these read."""
    return frozenset().union(*(code.names for code in codes))


def brackets(opening: str, parts: Sequence[Doc], closing: str, comma: bool = False) -> Group:
    """Parts between brackets, broken together where they do not fit; `comma`: one after the last, then."""
    last = [Break(broken=",")] if comma else []
    return Group((opening, Indent((SOFT, *_commas(parts), *last)), SOFT, closing))


def _commas(parts: Sequence[Doc]) -> list[Doc]:
    return [doc for part in parts for doc in (",", LINE, part)][2:]


def display(opening: str, items: Sequence[Code], closing: str) -> Code:
    """A list, tuple or set of these."""
    single = opening == "(" and len(items) == 1
    docs: list[Doc] = [item.at(CONDITION) for item in items]
    doc = brackets(opening, [(docs[0], ",")], closing) if single else brackets(opening, docs, closing, bool(docs))
    return Code(doc, names=names_of(items))


def call(function: str | Code, *arguments: Code, keyword: tuple[str, Code] | None = None) -> Code:
    """`function(a, b, key=c)`; a single generator needs no brackets of its own."""
    called = name(function) if isinstance(function, str) else function
    docs: list[Doc] = [a.at(CONDITION) for a in arguments]
    if keyword is not None:
        docs.append((f"{keyword[0]}=", keyword[1].at(CONDITION)))
    names = called.names | names_of(arguments) | (keyword[1].names if keyword else frozenset())
    return Code((called.doc, _arguments(docs)), names=names)


def _arguments(docs: Sequence[Doc]) -> Group:
    """`(a, b)`: on a line of their own where that is enough; a single generator without its own brackets."""
    if len(docs) == 1:
        (only,) = docs
        return brackets("(", [only.inside if isinstance(only, Generator) else only], ")")
    inner: Doc = Group((*_commas(docs), Break(broken=","))) if docs else ""
    return Group(("(", Indent((SOFT, inner)), SOFT, ")"))


def method(of: Code, called: str, *arguments: Code) -> Code:
    """`of.called(a, b)`."""
    return call(Code((of.at(ATOM), f".{called}"), names=of.names), *arguments)


def index(of: Code, place: Code) -> Code:
    """`of[place]`."""
    return Code((of.at(ATOM), brackets("[", [place.doc], "]")), names=of.names | place.names)


def sliced(of: Code, start: Code | None, end: Code | None) -> Code:
    """`of[start:end]`; spaces around the colon where an end is more than a name or number."""
    if start is None and end is None:
        return of
    ends = [e for e in (start, end) if e is not None]
    space = " " if any(not e.simple for e in ends) else ""
    left = () if start is None else (start.doc, space)
    right = () if end is None else (space, end.doc)
    return Code((of.at(ATOM), Group(("[", *left, ":", *right, "]"))), names=of.names | names_of(ends))


@dataclass(frozen=True)
class Generator(Group):
    """A generator in brackets of its own; as a sole argument it goes without them."""

    inside: Doc = ""


def comprehension(opening: str, element: Code, target: Code, source: Code, tests: Sequence[Code], closing: str) -> Code:
    """`[element for target in source if test]`; in round brackets a generator."""
    inner: list[Doc] = [element.at(CONDITION), LINE, "for ", target.doc, " in ", source.at(OR)]
    if tests:
        inner += [LINE, "if ", both(tests).at(OR)]
    names = names_of([element, source, *tests]) - target.names
    inside = Group(tuple(inner))
    whole = brackets(opening, [inside], closing)
    return Code(Generator(whole.parts, inside) if opening == "(" else whole, names=names)


def infix(level: int, signs: Sequence[str], operands: Sequence[Doc], names: frozenset[str]) -> Code:
    """`a + b - c`: a break is possible before every sign."""
    parts: list[Doc] = [operands[0]]
    for sign, operand in zip(signs, operands[1:], strict=True):
        parts += [LINE, f"{sign} ", operand]
    return Code(Group(tuple(parts)), level, names)


def joined(sign: str, level: int, operands: Sequence[Code]) -> Code:
    """`a sign b sign c`, whichever way it is grouped; one alone is that."""
    return formed(forms.infix(sign, level, len(operands), True), operands) if len(operands) > 1 else operands[0]


def copies(item: Code, count: Code) -> Code:
    """`[item] * count`."""
    return times(display("[", [item], "]"), count)


def times(left: Code, right: Code) -> Code:
    """`left * right`."""
    return formed(forms.infix("*", forms.PRODUCT, 2), [left, right])


def both(tests: Sequence[Code]) -> Code:
    """All of these tests."""
    kind = "truth" if all(test.kind == "truth" for test in tests) else "test"
    return tests[0] if len(tests) == 1 else replace(joined("and", AND, tests), kind=kind)


def conditional(yes: Code, test: Code, no: Code) -> Code:
    """`yes if test else no`."""
    return formed(Form("{0} if {1} else {2}", CONDITION, (OR, OR, CONDITION)), [yes, test, no])


def compared(left: Code, sign: str, right: Code) -> Code:
    """`left == right`, a bool; `left is None`."""
    sign = IDENTITY.get(sign, sign) if right.doc == "None" and left.names else sign
    form = Form(f"{{0}} {sign} {{1}}", COMPARISON, (COMPARISON + 1,) * 2)
    return replace(formed(form, [left, right]), kind="truth")


def negated(test: Code) -> Code:
    """`not test`, or the opposite comparison."""
    if test.compares is not None:
        left, sign, right = test.compares
        return compared(left, OPPOSITE[sign], right)
    return replace(formed(Form("not {0}", NOT, (NOT,)), [test]), kind="truth")


def there(code: Code) -> Code:
    """Whether there is a value."""
    return compared(code, "is not", Code("None"))


def plus(left: Code, amount: int) -> Code:
    """`left + amount`, or `left - 3`."""
    if not amount:
        return left
    return infix(SUM, ["+" if amount > 0 else "-"], [left.at(SUM), str(abs(amount))], left.names)


IDENTITY = {"==": "is", "!=": "is not"}
OPPOSITE = {"==": "!=", "!=": "==", "in": "not in", "not in": "in", "is": "is not", "is not": "is"}
LOGIC = (OR, AND)
SIGNS = {
    CONDITION: ("if", "else"), OR: ("or",), AND: ("and",), COMPARISON: (*OPPOSITE, "<", "<=", ">", ">="),
    5: ("|",), 6: ("^",), 7: ("&",), SUM: ("+", "-"), 9: ("*", "/", "//", "%"), POWER: ("**",),
}  # fmt: skip


def formed(form: Form, operands: Sequence[Code]) -> Code:
    """An operator's form filled in; it can be broken before its signs, those that bind least first."""
    template = form.template
    if form.level == POWER and all(operand.simple and operand.level == ATOM for operand in operands):
        template = template.replace(" ** ", "**")
    docs = [operand.at(form.operands[i % len(form.operands)]) for i, operand in enumerate(operands)]
    helpers = {helper.__name__ for helper in form.helpers}
    sign = next((sign for sign in OPPOSITE if template == f"{{0}} {sign} {{1}}"), None)
    compares = None if sign is None else (operands[0], sign, operands[1])
    names = names_of(operands) | helpers | {*form.modules}
    words = _split(template.replace("not in", "not_in").replace("is not", "is_not"), " ")
    return Code(_segment(words, docs, operands), form.level, names, compares=compares)


def _split(template: str, at: str) -> list[str]:
    """The pieces between these separators, those inside brackets aside."""
    pieces = [""]
    for piece in template.split(at):
        whole = pieces[-1].count("(") == pieces[-1].count(")")
        pieces += [piece] if whole else []
        pieces[-1] = piece if whole else pieces[-1] + at + piece
    return pieces[1:]


def _segment(words: list[str], docs: list[Doc], operands: Sequence[Code]) -> Doc:
    """A piece of a template: a group with a break before each sign of the level that binds least there."""
    for level, signs in SIGNS.items():
        cuts = [n for n, w in enumerate(words) if w.replace("_", " ") in signs]
        if cuts:
            parts: list[Doc] = [*_piece(words[: cuts[0]], level, docs, operands)]
            for start, end in zip(cuts, [*cuts[1:], len(words)], strict=True):
                parts += [LINE, words[start].replace("_", " "), " "]
                parts += _piece(words[start + 1 : end], level, docs, operands)
            return Group(tuple(parts))
    filled = [part for word in words for part in (" ", *_filled(word, docs, operands))][1:]
    return filled[0] if len(filled) == 1 else tuple(filled)


def _piece(words: list[str], level: int, docs: list[Doc], operands: Sequence[Code]) -> tuple[Doc, ...]:
    """What stands between two signs; what binds alike, and logic in logic, is broken with what it stands in."""
    doc = _segment(words, docs, operands)
    operand = next((o for o, d in zip(operands, docs, strict=True) if d is doc and o.doc is doc), None)
    together = operand is not None and (level == operand.level or (level in LOGIC and operand.level in LOGIC))
    return doc.parts if together and isinstance(doc, Group) else (doc,)


def _filled(word: str, docs: list[Doc], operands: Sequence[Code]) -> Iterator[Doc]:
    """One word of a template, with the operands and brackets that stand in it."""
    before, sign, rest = re.fullmatch(r"([^{(]*)([{(]?)(.*)", word).groups()  # type: ignore[union-attr]
    if before:
        yield before
    if sign == "{":
        number, _, rest = rest.partition("}")
        yield docs[int(number)]
        yield from _filled(rest, docs, operands)
    elif sign == "(":
        inside, rest = rest.rsplit(")", 1)
        parts = [_segment(_split(part, " "), docs, operands) for part in _split(inside, ", ")]
        yield _arguments(parts) if before else brackets("(", parts, ")")
        yield from _filled(rest, docs, operands)


# ---------------------------------------------------------------- statements


@dataclass
class Line:
    """A statement: `head`, an expression, `tail`; a compound one has a block.

    names: read beside the expression's. target: the variable that it does nothing but set.
    """

    head: str
    code: Code | None = None
    tail: str = ""
    block: list[Line] | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    target: str = ""

    def lines(self, indent: int = 4) -> Iterator[str]:
        """Its lines of text; formatters are told to leave alone what they could wrap otherwise."""
        doc = "" if self.code is None else self.code.doc
        chain = self.code is not None and self.code.level < ATOM
        if chain and (hug := hugged(doc)) is not None:
            doc, chain = hug, False
        elif chain:
            doc = Group((Break(broken="("), Indent((SOFT, doc)), SOFT, Break(broken=")")))
        text = rendered((self.head, doc, self.tail), indent)
        sure = not chain or "\n" not in text or not ends_in_brackets(self.code.doc)  # type: ignore[union-attr]
        yield from settled(text, sure).split("\n")
        for line in self.block or ():
            yield from line.lines(indent + 4)

    @property
    def reads(self) -> frozenset[str]:
        """Everything that it and its block read."""
        own = self.names | (self.code.names if self.code is not None else frozenset())
        return own.union(*(line.reads for line in self.block or ()))


def settled(statement: str, sure: bool = True) -> str:
    """The statement, told to formatters as it is wherever they could wrap it otherwise."""
    # How wide the formatter takes other characters than ASCII to be is not known here.
    fits = all(len(line) <= 88 and (line.isascii() or 2 * len(line) <= 88) for line in statement.split("\n"))
    return statement if fits and sure else statement + "  # fmt: skip"


def assign(target: str, code: Code) -> Line:
    """`target = code`, or `target += code`."""
    sets = target if target.isidentifier() else ""
    match code.adds:
        case (left, sign, other) if left == target:
            return Line(f"{target} {sign}= ", replace(code, doc=other, level=PRODUCT), target=sets)
        case (other, "+", right) if right == target:
            return Line(f"{target} += ", replace(code, doc=other), target=sets)
    return Line(f"{target} = ", code, target=sets)


def without_unread(lines: list[Line]) -> list[Line]:
    """Without statements that set a variable which no statement reads."""
    while True:
        read = frozenset().union(*(line.reads for line in lines))
        kept = [line for line in lines if not line.target or line.target in read]
        if len(kept) == len(lines):
            return kept
        lines = kept


def returned(code: Code) -> Line:
    """`return code`."""
    return Line("return ", code)


def when(test: Code, block: list[Line]) -> Line:
    """`if test:`."""
    return Line("if ", test, ":", block)


def loop(target: Code, source: Code, block: list[Line]) -> Line:
    """`for target in source:`."""
    doc = ("for ", target.doc, " in ", source.at(OR))
    return Line("", Code(doc, names=source.names), ":", block)


def function(called: str, parameters: Sequence[str], block: list[Line]) -> Line:
    """`def called(a, b):`."""
    listed = call(called, *map(name, parameters))
    return Line("def ", replace(listed, names=frozenset()), ":", block)
