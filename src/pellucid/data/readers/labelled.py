"""`LABEL<TAB>text` a line, without a header; further tabs belong to the text."""

from __future__ import annotations

from pellucid.data.examples import Examples
from pellucid.data.readers.base import File, Format, Options
from pellucid.data.readers.delimited import is_labelled, labelled
from pellucid.errors import PellucidError
from pellucid.values import show

SUSPICIOUS = 20  # lines from which as many labels as lines mean that the columns are the other way round


def fits(file: File) -> bool:
    """Whether a file is one of texts, without a header: any `.txt`, and a `.tsv` of two columns."""
    if file.suffix != ".tsv":
        return file.suffix == ".txt"
    names = [name.strip().strip('"').strip() for name in file.lines[0][1].split("\t")]
    return len(names) == 2 and not is_labelled(names) and not {"input", "output"} <= set(names)


def parse(file: File, options: Options) -> Examples:
    """The texts in a file.

    Raises:
        PellucidError: naming file and line.
    """
    rows = []
    for number, line in file.lines:
        label, tab, text = line.rstrip("\r").partition("\t")
        if not tab:
            raise PellucidError(f"{file.at(number)}no tab in {show(line.rstrip())}; expected LABEL<TAB>text")
        rows.append((number, text, label.strip()))
    labels, texts = {label for _, _, label in rows}, {text for _, text, _ in rows}
    if len(labels) == len(rows) >= SUSPICIOUS and len(texts) < len(rows):
        raise PellucidError(f"{file.path}: every line has a label of its own; expected LABEL<TAB>text, the label first")
    return labelled(file, rows, options)


LABELLED = Format("LABEL<TAB>text", (".tsv", ".txt"), fits, parse)
