"""Write measured tables and learned programs into the documents, between `<!-- name: file -->` and `<!-- end -->`.

    python benchmarks/update_docs.py [--check]

`--check` changes nothing and fails where a block is not the file it names.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def filled(text: str) -> str:
    """The text with every marked block replaced by the file it names; Python files as code blocks."""

    def block(match: re.Match[str]) -> str:
        content = (ROOT / match["file"]).read_text(encoding="utf-8").rstrip()
        body = f"```python\n{content}\n```" if match["file"].endswith(".py") else content
        return f"{match['head']}\n{body}\n<!-- end -->"

    return re.sub(r"(?P<head><!-- \w+: (?P<file>\S+) -->)\n.*?<!-- end -->", block, text, flags=re.DOTALL)


if __name__ == "__main__":
    for path in (ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("numbers", "text", "method"))):
        old = path.read_text(encoding="utf-8")
        if "--check" not in sys.argv:
            path.write_text(filled(old), encoding="utf-8")
        elif filled(old) != old:
            sys.exit(f"{path.name} is out of date: run python benchmarks/update_docs.py")
