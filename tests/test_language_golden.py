"""Programs of the first edition, brought into the language: their outputs stay what they were.

Each line of `golden/*.jsonl` is a program, inputs, and the outputs that the first edition's interpreters gave: random
programs, those of its tests, and learned ones.
"""

import json
from pathlib import Path

import pytest

from language_backends import BACKENDS, same
from pellucid.language.json import from_json, to_json

FILES = sorted((Path(__file__).parent / "golden").glob("*.jsonl"))


def rows(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_outputs_stay(file, backend):
    for row in rows(file):
        told = BACKENDS[backend](from_json(row["program"]), row["inputs"])
        assert told is None or same(row["outputs"], told), row["name"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_format_stays(file):
    for row in rows(file):
        assert to_json(from_json(row["program"])) == row["program"], row["name"]


def test_there_are_enough():
    assert {file.stem for file in FILES} == {"learned", "numbers", "symbols", "texts"}
    assert sum(len(rows(file)) for file in FILES) > 340
