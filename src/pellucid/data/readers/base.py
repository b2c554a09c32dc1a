"""What a format of data files is: one file of this folder, and its entry in the table of `formats`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pellucid.data.examples import Examples
from pellucid.data.files import StrPath, read_text
from pellucid.language.nodes import When
from pellucid.language.words import Words


@dataclass(frozen=True)
class File:
    """A data file, read as text."""

    path: str
    text: str

    @classmethod
    def of(cls, path: StrPath) -> File:
        """The file.

        Raises:
            PellucidError: as `files.read_text`.
        """
        return cls(str(path), read_text(path))

    @property
    def suffix(self) -> str:
        """`.csv`, in small letters."""
        return Path(self.path).suffix.lower()

    @cached_property
    def lines(self) -> list[tuple[int, str]]:
        """The lines that are not blank, with their numbers, from 1."""
        return [(n, line) for n, line in enumerate(self.text.split("\n"), 1) if line.strip()]

    def at(self, line: int) -> str:
        """The beginning of a message about a line."""
        return f"{self.path}:{line}: "


@dataclass(frozen=True)
class Options:
    """How a file is to be read, where it does not say so itself.

    Args:
        outputs: names of the output columns of a table with one step a row.
        column: of the labels of a CoNLL file; counted from 1, or from the end as -1.
        group: the column of such a table that says to which sequence a row belongs; `rows`: each is one of its own.
        words: how raw texts are split.
        when: whether a table whose rows have one value in and one out has outputs at `every` step, or one a `sequence`.
    """

    outputs: tuple[str, ...] | None = None
    column: int = -1
    group: str | None = None
    words: Words | None = None
    when: When | None = None

    def like(self, examples: Examples) -> Options:
        """The same for a further file, to be read as a first one was."""
        return replace(self, words=self.words or examples.words, when=examples.when)


@dataclass(frozen=True)
class Format:
    """A format.

    Args:
        name: for people.
        suffixes: of files that are in it, or may be.
        fits: whether a file is in it.
        parse: its examples. Raises `PellucidError` naming file and line, what came and what was expected.
    """

    name: str
    suffixes: tuple[str, ...]
    fits: Callable[[File], bool]
    parse: Callable[[File, Options], Examples]
