"""How large an emitted program is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from pellucid.program import runtime
from pellucid.program.numeric import runtime as numeric_runtime
from pellucid.program.text import runtime as text_runtime

PASTED = {*vars(runtime), *vars(numeric_runtime)}
PASTED_IN_TEXTS = {*PASTED, *vars(text_runtime)}


def ast_nodes(source: str) -> int:
    """Size of an emitted program: nodes of `run` and of all functions and tables it uses, runtime helpers aside."""
    tree = ast.parse(source)
    defined = dict(_defined(tree.body, _pasted(tree)))
    pending, found = ["run"], {}
    while pending:
        name = pending.pop()
        if name in defined and name not in found:
            found[name] = defined[name]
            pending += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    return sum(_nodes(node) for node in found.values())


def _pasted(tree: ast.Module) -> set[str]:
    """Names of what is the same in every program of this kind: one for texts splits them."""
    texts = any(isinstance(node, ast.FunctionDef) and node.name == "split_words" for node in tree.body)
    return PASTED_IN_TEXTS if texts else PASTED


def _defined(body: Sequence[ast.stmt], pasted: set[str]) -> Iterator[tuple[str, ast.stmt]]:
    """What a program itself defines: `run`, its functions and tables."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and (node.name == "run" or node.name not in pasted):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node


def _nodes(node: ast.stmt) -> int:
    """Nodes of a table, or of a function's body without its docstring and first line, and of its parameters."""
    if not isinstance(node, ast.FunctionDef):
        return sum(1 for _ in ast.walk(node))
    body = node.body[ast.get_docstring(node) is not None :]
    own = 0 if node.name == "run" else 1 + len(node.args.args)
    return own + sum(1 for part in body for _ in ast.walk(part))


def code_lines(source: str) -> int:
    """Lines of `run` and the program's own functions, tables and word lists, without blank lines and comments."""
    tree = ast.parse(source)
    pasted = _pasted(tree)
    if pasted is PASTED_IN_TEXTS:
        kept = [node for name, node in _defined(tree.body, pasted) if name == "run" or name not in pasted]
    else:
        last = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run")
        above = tree.body[: tree.body.index(last) + 1]
        kept = [node for node in above if isinstance(node, ast.Assign | ast.FunctionDef)]
    lines = source.split("\n")
    text = [line.strip() for node in kept for line in lines[node.lineno - 1 : node.end_lineno]]
    return sum(1 for line in text if line and not line.startswith("#"))
