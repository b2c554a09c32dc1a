"""The documents say what is: commands and options they show exist, and so do the files they link to."""

import re
import shlex
from pathlib import Path

import click
import pytest

import pellucid
from pellucid.cli import main
from pellucid.learners.turns import known_settings
from pellucid.resolve import WORD_SETTINGS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.M | re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
CALL = re.compile(r"^(?:[$] )?(?:.*&& )?(?:\S*/)?pellucid (.+)$")


def commands(text: str) -> list[str]:
    """What follows `pellucid` in the lines of the code blocks that call it."""
    lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    return [match[1] for line in lines if (match := CALL.match(line))]


def unknown(call: str) -> list[str]:
    """The commands and options of a call that do not exist."""
    first, *rest = shlex.split(re.split(r" (?:&& |\|\|? |; )", call)[0], comments=True)
    if first.startswith("-"):
        return [] if first in names(main) else [first]
    command = main.commands.get(first)
    if command is None:
        return [first]
    given = [word.split("=")[0] for word in rest if re.match(r"--?[A-Za-z]", word)]
    return [option for option in given if option not in names(command)]


def names(command: click.Command) -> set[str]:
    """The options of a command, `--help` included."""
    return {name for option in command.get_params(click.Context(command)) for name in option.opts}


def missing(text: str, folder: Path) -> list[str]:
    """Relative links that lead to no file."""
    prose = BLOCK.sub("", text)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    return [link for link in links if link and not (folder / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_commands_and_options_exist(path):
    wrong = {call: unknown(call) for call in commands(path.read_text(encoding="utf-8"))}
    assert not {call: names for call, names in wrong.items() if names}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_names_of_the_package_exist(path):
    found = re.findall(r"pellucid\.(\w+)\(", "".join(PYTHON.findall(path.read_text(encoding="utf-8"))))
    assert not [name for name in found if not hasattr(pellucid, name)]


def test_settings_of_texts_exist_and_those_of_the_data_are_all_told():
    text = (ROOT / "docs" / "text.md").read_text(encoding="utf-8")
    rows = text[text.index("| `--set` | of |") :].split("\n\n")[0].splitlines()[2:]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(WORD_SETTINGS) <= told <= (known_settings("auto") | known_settings("standard"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_relative_links_lead_to_files(path):
    assert not missing(path.read_text(encoding="utf-8"), path.parent)


def test_the_documents_show_commands():
    assert sum(len(commands(path.read_text(encoding="utf-8"))) for path in DOCUMENTS) >= 10


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("verify D --spec task --prove  # all of them", []),
        ("learn sort --out d && python3 d/program.py --nothing", []),
        ("verify D --proof", ["--proof"]),
        ("explian D 1 2", ["explian"]),
        ("--version", []),
        ("run D -x", ["-x"]),
    ],
)
def test_a_wrong_command_or_option_is_seen(call, wrong):
    assert unknown(call) == wrong


def test_a_link_to_nothing_is_seen():
    text = "[a](method.md#x) [b](https://example.org) [c](#here) [d](nothing.md)\n```md\n[e](neither.md)\n```\n"
    assert missing(text, ROOT / "docs") == ["nothing.md"]


def test_calls_are_found_in_blocks_only():
    text = "pellucid no\n```sh\npip install . && .venv/bin/pellucid learn sort\n$ pellucid run D 1 \\\n  2\n```\n"
    assert commands(text) == ["learn sort", "run D 1    2"]
