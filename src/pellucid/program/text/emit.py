"""Program for texts -> Python text: rules first, then evidence, then the word lists, the runtime last."""

from __future__ import annotations

import inspect
from functools import cached_property

from pellucid.errors import PellucidError
from pellucid.language.spelling import ENDINGS, SHAPES, form
from pellucid.language.words import NUMBER, NUMERAL, Reading, split_words
from pellucid.program import runtime
from pellucid.program.emit import shown, used_once
from pellucid.program.interpret import values_of
from pellucid.program.ir import Aggregate, Assign, Embed, Input, Lookup, Program, Readout
from pellucid.program.layout import Doc, call, comprehension
from pellucid.program.literals import container, docstring, literal, settled
from pellucid.program.names import usable
from pellucid.program.predicates import Value
from pellucid.program.statements import write_assignment
from pellucid.program.text import runtime as text_runtime
from pellucid.program.text.lists import separator, word_lists
from pellucid.program.text.readout import write_evidence
from pellucid.program.writer import Writer

FEW = 3  # cases of a lookup that are written where it is used
RUNTIME = ("words_of", "read", "read_by_form", "index", "kinds")
SYMBOLIC = ("closest", "closest_upto", "nearest", "total", "total_upto", "winner")  # those of other programs


class TextWriter(Writer):
    """Collects the parts of a program for texts: `lists` are the constants that hold its words.

    tables: name of the constant of every embedding that has one. known: of the one with all words that are known.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.lists: list[str] = []
        self.helpers = {"words_of", "index"}
        self.taken = {"PATTERN", "LOWERCASE", "NUMBER", "NUMERAL", "INDEXES", "LABELS"}
        nodes = [(a.name, a.node) for a in program if isinstance(a.node, Embed) and not _is_form(a.node)]
        self.tables = {name: self.free(name.upper()) for name, _ in nodes}
        whole = [self.tables[name] for name, node in nodes if node.variable == program.tokens]
        self.known = whole[0] if whole else self.free("KNOWN_WORDS")
        if not whole:
            self.lists.append(word_lists(self.known, [(token, "known") for token in program.vocab.tokens]))

    @cached_property
    def once(self) -> frozenset[str]:
        """None: the values at all words are lists."""
        return frozenset()

    def telling(self, name: str) -> list[Value]:
        """Values of a variable that are evidence of something, in that order; where it is read at another word, too."""
        heads = [a.name for a in self.program if isinstance(a.node, Aggregate) and a.node.value == name]
        rows = [e for a in self.program if isinstance(a.node, Readout) for e in a.node.evidence]
        found = [value for asked in (name, *heads) for e in rows if e.variable == asked for value, _ in e.rows]
        own = set(values_of(self.program, name))
        return [value for value in dict.fromkeys(found) if value in own]


def emit_text(program: Program, certificate: str = "") -> str:
    """The standalone Python program.

    Args:
        program: a valid program for texts.
        certificate: text of the module docstring.

    Raises:
        PellucidError: it has markers or a longest input, or a variable has a name that the text needs otherwise.
    """
    reading = program.vocab.text
    if reading is None or program.markers or not program.unbounded:
        raise PellucidError("an emitted program for texts has no markers and takes texts of any length")
    for a in program:
        if not usable(a.name, text=True):
            raise PellucidError(f"variable {a.name!r}: an emitted program cannot have a variable of that name")
    writer = TextWriter(program)
    inlined, plain = used_once(program), shown(program)
    for assign in program:
        _write(writer, assign, inlined, plain)
    return "\n\n".join(_parts(writer, reading, certificate)) + "\n"


def _forms() -> list[str]:
    shapes = container("SHAPES = ", "[", [*map(literal, SHAPES)], "]")
    return [shapes + "\n" + container("ENDINGS = ", "[", [*map(literal, ENDINGS)], "]")]


def _parts(writer: TextWriter, reading: Reading, certificate: str) -> list[str]:
    pasted = [split_words, *([form] if "form" in writer.helpers else [])]
    pasted += [getattr(runtime, name) for name in SYMBOLIC if name in writer.helpers]
    pasted += [getattr(text_runtime, name) for name in RUNTIME if name in writer.helpers] + [text_runtime.main]
    imports = ["functools"] * ("form" in writer.helpers) + ["json", "re", "sys"]
    return [
        docstring(certificate or "A program for texts emitted by Pellucid."),
        "\n".join(["from __future__ import annotations\n", *(f"import {name}" for name in imports)]),
        *("\n" + function for function in writer.functions),
        "\n" + _run_function(writer),
        *(["\n" + "\n".join(writer.constants)] if writer.constants else []),
        *["\n# The words of each kind.\n" + listed if not i else listed for i, listed in enumerate(writer.lists)],
        "\n# How texts are split; the rest is the same in every program.\n" + _constants(reading),
        *(_forms() if form in pasted else []),
        *("\n" + inspect.getsource(function).rstrip() for function in pasted),
        '\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))',
    ]


def _constants(reading: Reading) -> str:
    words = reading.words
    return "\n".join([
        settled(f"PATTERN = {_pattern(words.pattern)}"),
        f"LOWERCASE = {words.lowercase}",
        f"NUMBER = {literal(NUMBER if words.numbers else None)}",
        f"NUMERAL = {_pattern(NUMERAL) if words.numbers else None}",
        "INDEXES = {}",
    ])  # fmt: skip


def _pattern(text: str) -> str:
    """A regular expression as a raw string where it can be one."""
    raw = text.isprintable() and '"' not in text and not text.endswith("\\")
    return f'r"{text}"' if raw else literal(text)


def _run_function(writer: TextWriter) -> str:
    program = writer.program
    labels = program.vocab.kind == "classification"
    what = "The label of a text, or of a list of words." if labels else "One label per word of a text, or of a list."
    first = next(place for place, line in enumerate(writer.body) if f"    {program.tokens} = " in line) + 1
    body = [*writer.body[:first], *writer.needed, *writer.body[first:]]
    if not body[-1].startswith("    return "):
        node = program[program.output]
        single = labels and not (isinstance(node, Readout) and node.pooled)
        body.append(f"    return {program.output}{'[-1]' if single else ''}")
    return "\n".join(["def run(text):", f'    """{what}"""', *body])


# ---------------------------------------------------------------- statements


def _write(writer: TextWriter, assign: Assign, inlined: set[str], plain: set[str]) -> None:
    program = writer.program
    name, node = assign.name, assign.node
    match node:
        case Input("tokens"):
            _read(writer, name)
        case Embed(variable):
            _embed(writer, name, variable, node)
        case Lookup() if len(node.cases) > FEW:
            _lookup(writer, name, node)
        case Readout():
            write_evidence(writer, name, node, last=assign == program.assignments[-1])
        case _:
            write_assignment(writer, assign, inlined, plain)


def _read(writer: TextWriter, name: str) -> None:
    program = writer.program
    assert program.vocab.text is not None
    helper = "read"
    if program.vocab.text.forms:
        helper = writer.call("read_by_form")
        writer.call("form")
    writer.statement(f"{name} = {writer.call(helper)}(text, {writer.known})")
    if program.vocab.kind == "classification":
        writer.body.append(f'    if not {name}:\n        raise ValueError("an empty list of words has no label")')


def _embed(writer: TextWriter, name: str, variable: str, node: Embed) -> None:
    read = writer.list(variable)
    if name not in writer.tables:
        writer.assign(name, comprehension(f"{writer.call('form')}(w)", f"for w in {read}"))
        return
    writer.lists.append(word_lists(writer.tables[name], node.cases, writer.telling(name)))
    writer.assign(name, call(writer.call("kinds"), writer.tables[name], read))


def _lookup(writer: TextWriter, name: str, node: Lookup) -> None:
    """A table by its outcomes; several variables are put together to one word where that can be taken apart again."""
    program, constant = writer.program, writer.free(name.upper())
    otherwise = literal(node.default)
    if len(node.variables) == 1:
        cases: list = [(key, outcome) for (key,), outcome in node.cases]
        asked: Doc = writer.list(node.variables[0])
    else:
        between = separator([key for key, _ in node.cases], [values_of(program, v) for v in node.variables])
        called, loop = writer.loop(node.variables)
        letters = [called[variable] for variable in node.variables]
        if between is None:
            cases, element = list(node.cases), f"({', '.join(letters)})"
        else:
            cases = [(between.join(map(str, key)), outcome) for key, outcome in node.cases]
            element = 'f"' + between.join(f"{{{letter}}}" for letter in letters) + '"'
        asked = comprehension(element, loop)
    writer.lists.append(word_lists(constant, cases, writer.telling(name)))
    writer.assign(name, call(writer.call("kinds"), constant, asked, otherwise))


def _is_form(node: Embed) -> bool:
    return all(isinstance(token, str) and kind == form(token) for token, kind in node.cases)
