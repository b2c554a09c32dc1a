"""A program as standalone Python text: standard library only, nothing at import, readable from top to bottom."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence

from pellucid.emit import listed, runtime, tree
from pellucid.emit.layout import WIDTH
from pellucid.emit.lists import Lists
from pellucid.emit.loops import Loop
from pellucid.emit.plan import Plan
from pellucid.emit.prepare import prepared
from pellucid.emit.tree import Line
from pellucid.emit.writer import HELPERS, Writer, constant, container, docstring, one_of, usable
from pellucid.errors import PellucidError
from pellucid.language.nodes import Aggregate, Column, Vote, reached
from pellucid.language.program import Program
from pellucid.language.words import ENDINGS, NUMBER, NUMERAL, SHAPES, form
from pellucid.values import literal

SPELLING = {"SHAPES": SHAPES, "ENDINGS": ENDINGS}  # what `form` reads


def emit(program: Program, certificate: str = "") -> str:
    """The standalone Python program.

    Args:
        program: one whose variable names can stand in the text, as after `with_readable_names`.
        certificate: text of the module docstring; anything may stand in it.

    Raises:
        PellucidError: a variable has a name that the emitted text needs for something else.
    """
    for a in program:
        if not usable(a.name):
            raise PellucidError(f"variable {a.name!r}: an emitted program cannot have a variable of that name")
    ready = prepared(program)
    text = _Text(ready)
    once = frozenset(what for what, count in text.lists.asked.items() if count == 1)
    return _Text(ready, once, frozenset(text.lists.needed)).source(certificate)


class _Text:
    """The text of one program; see `Lists` for what is known from a first one."""

    def __init__(
        self, program: Program, streamed: frozenset[str] = frozenset(), needed: frozenset[str] | None = None
    ) -> None:
        self.program, self.plan = program, Plan(program)
        self.writer = Writer(self.plan)
        self.lists = Lists(self.writer, streamed, needed)
        body = list(self._statements())
        first = self.lists.first
        before = list(self.lists.needed.values())
        if first not in streamed:
            used = any(first in line.reads for line in [*before, *body])
            before.insert(0, Line(f"{first} = " if used else "", self.lists.reading()))
        self.body = tree.without_unread([*before, *body])

    def _statements(self) -> Iterator[Line]:
        plan, program = self.plan, self.program
        if (guard := self._guard()) is not None:
            yield guard
        results, last = program.results, self._last_loop()
        for stage in sorted(set(plan.stages.values())):
            members = plan.loops.get(stage, ())
            for variable in plan.stages:
                if plan.stages[variable] == stage and variable not in members:
                    yield from listed.write(self.lists, variable)
            if members:
                outputs = results if stage == last else ()
                exported = self._exported(stage, last)
                yield from Loop(self.lists, "", members=members, exported=exported, results=outputs).lines()
        if last is None:
            yield from listed.result(self.lists, results)

    def _guard(self) -> Line | None:
        """What comes out for an empty sequence, where the statements would not give that."""
        empty = self.program.empty
        if self.program.when == "every":
            nodes = [self.program[v] for v in self.plan.scalars]
            fails = any(isinstance(n, Vote) or (isinstance(n, Aggregate) and n.value is not None) for n in nodes)
            empty = () if fails else None
        if empty is None:
            return None
        values = [constant(value) for value in empty]
        code = values[0] if len(values) == 1 else tree.display("[", values, "]")
        return tree.when(tree.negated(self.lists.read()), [tree.returned(code)])

    def _last_loop(self) -> int | None:
        """The loop that makes the outputs; None where they are made of lists."""
        plan, results = self.plan, self.program.results
        inside = {plan.loop_of(base) for v in results for base in plan.bases(v)} - {None}
        if len(inside) != 1:
            return None
        (stage,) = inside
        assert stage is not None
        return stage if stage == max(plan.loops) and all(plan.stages[v] <= stage for v in results) else None

    def _exported(self, stage: int, last: int | None) -> frozenset[str]:
        """Variables of a loop that others need as lists."""
        plan, members = self.plan, set(self.plan.loops[stage])
        found: set[str] = set()
        for variable, uses in plan.uses.items():
            inside = {*members, *([""] if stage == last else [])}  # whatever reads the values one by one
            if any(use.reader not in inside or use.how == "there" for use in uses):
                found.update(base for base in plan.bases(variable) if base in members)
        return frozenset(found)

    # ---------------------------------------------------------------- the whole

    def source(self, certificate: str) -> str:
        """All of the text."""
        writer = self.writer
        read = frozenset().union(*(line.reads for line in self.body))
        functions = self._used_functions(read)
        read = read.union(*(f.reads for f in functions))
        pasted = self._pasted(read)
        texts = self._reads_text()
        constants = [text for called, text in writer.constants.items() if called in read]
        words = [text for called, text in writer.words.items() if called in read]
        run = tree.function("run", ["text" if texts else "sequence"], [Line(f'"""{self._about(texts)}"""'), *self.body])
        reading = "\n".join(self._reading())
        main = ["\n" + "\n".join(f.lines(0)) for f in functions] + ["\n" + "\n".join(run.lines(0))]
        tables = ["\n".join(constants)] if constants else []
        if words:
            listing = "\n# The words of each kind.\n" + "\n\n".join(words)
            parts = [*main, *["\n" + t for t in tables], listing, "\n# How texts are read.\n" + reading]
        else:
            parts = ["\n".join([reading, *tables]), *main]
        helpers = [_source(function).rstrip() for function in pasted]
        if form in pasted:
            helpers.insert(
                0, "\n".join(container(f"{n} = ", "[", [*map(literal, v)], "]") for n, v in SPELLING.items())
            )
        return "\n\n".join([
            docstring(certificate or "A program emitted by Pellucid."),
            self._imports(read, pasted),
            *parts,
            "\n# Runtime, the same in every program.",
            *("\n" + helper for helper in helpers),
            '\nif __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))',
        ]) + "\n"  # fmt: skip

    def _used_functions(self, read: frozenset[str]) -> list[Line]:
        functions = self.writer.functions
        found = reached(read, lambda called: functions[called].reads if called in functions else ())
        return [line for called, line in functions.items() if called in found]

    def _pasted(self, read: frozenset[str]) -> list[Callable]:
        """Functions that the text needs, and those that they need."""
        known: dict[str, Callable] = {**vars(runtime), **self.writer.pasted}
        found: dict[str, Callable] = {}
        pending = [(called, known) for called in ("main", *read)]
        while pending:
            called, space = pending.pop()
            function = space.get(called)
            if called in found or called == "run" or not inspect.isroutine(function):
                continue
            if called in self.writer.pasted or getattr(function, "__module__", "").startswith("pellucid."):
                found[called] = function
                pending += [(needed, inspect.unwrap(function).__globals__) for needed in _names(function)]
        order = [*self.writer.pasted, *vars(runtime)]
        return sorted(found.values(), key=lambda f: order.index(f.__name__) if f.__name__ in order else -1)

    def _imports(self, read: frozenset[str], pasted: list[Callable]) -> str:
        names = {*read, "json", "sys"}
        names = names.union(*map(_names, pasted))
        names |= {"functools"} if any(hasattr(function, "cache_info") for function in pasted) else set()
        modules = [f"import {m}" for m in ("functools", "json", "math", "re", "sys") if m in names]
        collections = [c for c in ("Counter", "deque") if c in names]
        imported = [f"from collections import {', '.join(collections)}"] if collections else []
        imported += ["from types import SimpleNamespace"] * ("SimpleNamespace" in names)
        return "\n".join([*modules, *imported])

    def _reads_text(self) -> bool:
        return len(self.program.inputs) == 1 and self.program.inputs[0].words is not None

    def _about(self, texts: bool) -> str:
        labels = [output.name for output in self.program.outputs]
        told = labels[0] if len(labels) == 1 else f"[{', '.join(labels)}]"
        told = told if re.fullmatch(r"[\w\[\], ]{1,40}", told) else "The output"
        position, sequence = ("word", "text") if texts else ("position", "sequence")
        when = {"every": f"at every {position}", "last": f"at the last {position}", "sequence": f"of the {sequence}"}
        return f"{told} {when[self.program.when]}."

    def _reading(self) -> Iterator[str]:
        """The constants that say what is read."""
        program = self.program
        columns = [f"{literal(c.name)}: {self._column(c)}" for c in program.inputs]
        text = f"COLUMNS = {{{', '.join(columns)}}}"
        if len(columns) > 1 and len(text) > 88:
            text = "\n".join(["COLUMNS = {", *(f"    {c}," for c in columns), "}"])
        yield tree.settled(text)
        yield f"LONGEST = {program.longest}"
        readings = [c.words for c in program.inputs if c.words is not None]
        if readings:
            words = readings[0].words
            yield _pattern("PATTERN", words.pattern)
            yield f"LOWERCASE = {words.lowercase}"
            yield f"NUMBER = {literal(NUMBER if words.numbers else None)}"
            yield _pattern("NUMERAL", NUMERAL) if words.numbers else "NUMERAL = None"
            yield f"FORMS = {readings[0].forms}"
            yield "INDEXES = {}"

    def _column(self, column: Column) -> str:
        if column.words is not None:
            return f'{{"lists": {self.writer.known_words(column).doc}, "unknown": {literal(column.unknown)}}}'
        t, parts = column.type, []
        values = list(t.texts)
        n = t.numbers
        if n is not None and (n.values is not None or (n.whole and t.values is not None and n.high - n.low < 20)):
            values = [*(n.listed or ()), *values]
        elif n is not None:
            ends = literal(tuple(None if abs(end) == float("inf") else end for end in (n.low, n.high)))
            parts.append(f'"{"whole" if n.whole else "real"}": {ends}')
        if values:
            parts.insert(0, f'"values": {one_of(values)}')
        if column.unknown is not None:
            parts.append(f'"unknown": {literal(column.unknown)}')
        return "{" + ", ".join(parts) + "}"


def _pattern(called: str, text: str) -> str:
    """`called = r"..."`: a regular expression as a raw string where it can be one, on several lines if it is long."""
    if not text.isprintable() or '"' in text or text.endswith("\\"):
        return tree.settled(f"{called} = {literal(text)}")
    if len(text) < WIDTH - len(called) - 6:
        return tree.settled(f'{called} = r"{text}"')
    lines = [""]
    for piece in re.findall(r"\|?[^|]*", text):
        if len(lines[-1]) + len(piece) > WIDTH - 20:
            lines.append("")
        lines[-1] += piece
    return tree.settled("\n".join([f"{called} = (", *(f'    r"{line}"' for line in lines), ")"]))


_source = functools.cache(inspect.getsource)


@functools.cache
def _names(function: Callable) -> set[str]:
    """The global names that a function reads, and those inside it."""
    found, pending = set[str](), [inspect.unwrap(function).__code__]
    while pending:
        code = pending.pop()
        found.update(i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL")
        pending += [inner for inner in code.co_consts if inspect.iscode(inner)]
    return found


# ---------------------------------------------------------------- how large it is

PASTED = {*vars(runtime), *HELPERS}


def ast_nodes(source: str) -> int:
    """Size of an emitted program: nodes of `run` and of all functions and tables it uses, runtime helpers aside."""
    defined = dict(_defined(ast.parse(source).body))
    read = {called: [n.id for n in ast.walk(node) if isinstance(n, ast.Name)] for called, node in defined.items()}
    return sum(_nodes(defined[name]) for name in defined.keys() & reached(["run"], lambda name: read.get(name, [])))


def code_lines(source: str) -> int:
    """Lines of `run` and the program's own functions, tables and word lists, without blank lines and comments."""
    kept = [node for _, node in _defined(ast.parse(source).body)]
    lines = source.split("\n")
    text = [line.strip() for node in kept for line in lines[node.lineno - 1 : node.end_lineno]]
    return sum(1 for line in text if line and not line.startswith("#"))


def _defined(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What a program itself defines: `run`, its functions and tables."""
    for node in body:
        match node:
            case ast.FunctionDef(name) | ast.Assign([ast.Name(name)]) if name == "run" or name not in PASTED:
                yield name, node


def _nodes(node: ast.stmt) -> int:
    """Nodes of a table, or of a function's body without its docstring and first line, and of its parameters."""
    if not isinstance(node, ast.FunctionDef):
        return sum(1 for _ in ast.walk(node))
    body = node.body[ast.get_docstring(node) is not None :]
    own = 0 if node.name == "run" else 1 + len(node.args.args)
    return own + sum(1 for part in body for _ in ast.walk(part))
