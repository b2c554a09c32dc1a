"""How large an emitted program is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from pellucid.emit import runtime
from pellucid.emit.writer import HELPERS

PASTED = {*vars(runtime), *HELPERS}


def ast_nodes(source: str) -> int:
    """Size of an emitted program: nodes of `run` and of all functions and tables it uses, runtime helpers aside."""
    tree = ast.parse(source)
    defined = dict(_defined(tree.body))
    pending, found = ["run"], {}
    while pending:
        name = pending.pop()
        if name in defined and name not in found:
            found[name] = defined[name]
            pending += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    return sum(_nodes(node) for node in found.values())


def code_lines(source: str) -> int:
    """Lines of `run` and the program's own functions, tables and word lists, without blank lines and comments."""
    kept = [node for _, node in _defined(ast.parse(source).body)]
    lines = source.split("\n")
    text = [line.strip() for node in kept for line in lines[node.lineno - 1 : node.end_lineno]]
    return sum(1 for line in text if line and not line.startswith("#"))


def _defined(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What a program itself defines: `run`, its functions and tables."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and (node.name == "run" or node.name not in PASTED):
            yield node.name, node
        elif (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id not in PASTED
        ):
            yield node.targets[0].id, node


def _nodes(node: ast.stmt) -> int:
    """Nodes of a table, or of a function's body without its docstring and first line, and of its parameters."""
    if not isinstance(node, ast.FunctionDef):
        return sum(1 for _ in ast.walk(node))
    body = node.body[ast.get_docstring(node) is not None :]
    own = 0 if node.name == "run" else 1 + len(node.args.args)
    return own + sum(1 for part in body for _ in ast.walk(part))
