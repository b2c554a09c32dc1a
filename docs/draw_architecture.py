"""Draws docs/architecture.svg: the packages of Pellucid, and who imports whom, read off the source.

    python docs/draw_architecture.py [--check]

With `--check` nothing is written; exit code 1 where the picture is not what the source says.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "pellucid"
PICTURE = Path(__file__).parent / "architecture.svg"
# Rows as the layers of the contract in pyproject.toml; small modules that everybody reads are left out.
ROWS = (
    ("cli", "estimators"),
    ("pipeline",),
    ("reading_off", "writing"),
    ("learners",),
    ("questions", "teaching"),
    ("candidates", "artifact", "certificate", "resolve"),
    ("explain", "verify", "simplify", "emit", "problem"),
    ("semantics", "data"),
    ("language",),
)
WIDTH, HEIGHT, ACROSS, DOWN = 120, 32, 60, 44


def imports() -> dict[str, set[str]]:
    """For each package or module of the picture, those of it that it imports."""
    known = {name for row in ROWS for name in row}
    found: dict[str, set[str]] = {name: set() for name in known}
    for path in sorted(SOURCE.rglob("*.py")):
        owner = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if owner in known:
            found[owner] |= _imported(path) & (known - {owner})
    return found


def _imported(path: Path) -> set[str]:
    """The packages and modules right below `pellucid` that a file imports."""
    nodes = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ImportFrom)]
    within = {(n.module or "").split(".")[1] for n in nodes if (n.module or "").startswith("pellucid.")}
    return within | {alias.name for n in nodes if n.module == "pellucid" for alias in n.names}


def needed(graph: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows, without those that a longer way says already."""

    def below(name: str) -> set[str]:
        return {name}.union(*(below(other) for other in graph[name]))

    return [
        (name, other)
        for name, others in sorted(graph.items())
        for other in sorted(others)
        if not any(other in below(between) for between in others - {other})
    ]


def svg() -> str:
    """The picture."""
    wide = max(map(len, ROWS)) * (WIDTH + ACROSS)
    place = {}
    for y, row in enumerate(ROWS):
        left = (wide - len(row) * (WIDTH + ACROSS) + ACROSS) / 2
        place |= {name: (left + x * (WIDTH + ACROSS), 10 + y * (HEIGHT + DOWN)) for x, name in enumerate(row)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {len(ROWS) * (HEIGHT + DOWN)}" '
        'font-family="sans-serif" font-size="14">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#5a6a80"/></marker>',
    ]
    for name, other in needed(imports()):
        (x, y), (a, b) = place[name], place[other]
        ends = (x + WIDTH / 2, y + HEIGHT, a + WIDTH / 2, b)
        if y == b:  # neighbours
            ends = (x + WIDTH * (x < a), y + HEIGHT / 2, a + WIDTH * (a < x), y + HEIGHT / 2)
        line = 'x1="{:.0f}" y1="{:.0f}" x2="{:.0f}" y2="{:.0f}"'.format(*ends)
        parts.append(f'<line {line} stroke="#5a6a80" marker-end="url(#head)"/>')
    for name, (x, y) in place.items():
        box = f'x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}"'
        parts.append(f'<rect {box} rx="6" fill="#eef3fa" stroke="#1f6fb4"/>')
        parts.append(f'<text x="{x + WIDTH / 2:.0f}" y="{y + 21:.0f}" text-anchor="middle">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PICTURE.read_text(encoding="utf-8") != svg())
    PICTURE.write_text(svg(), encoding="utf-8")
