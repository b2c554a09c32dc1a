"""One process of a search: `python -m pellucid.learners.evolve.worker FOLDER SEED EFFORT`, which `pool.py` starts.

Reads `search.npz` and `search.json` in the folder; writes one JSON object a line: progress, or a program found.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.learners.evolve.columns import Batch, Source
from pellucid.learners.evolve.files import gene_json, gene_of, to_json
from pellucid.learners.evolve.genes import Bank, Gene
from pellucid.learners.evolve.readouts import Alphabet
from pellucid.learners.evolve.seek import Data, Found, seek, variant

ARRAYS, SETTINGS = "search.npz", "search.json"


def write_data(folder: Path, data: Data, library: Sequence[tuple[Gene, ...]] = ()) -> None:
    """The files that workers read; `library`: programs to start from."""
    train = data.train
    arrays = {"values": train.values, "valid": train.valid, "labels": train.labels}
    np.savez(folder / ARRAYS, allow_pickle=False, of_symbol=data.alphabet.of_symbol, **arrays)
    settings = {
        "sources": [[source.of, source.column] for source in data.sources],
        "of_number": [*data.alphabet.of_number.items()],
        "size": data.alphabet.size,
        "bank": {"symbols": data.bank.symbols, "causal": data.bank.causal, "ordered": data.bank.ordered},
        "library": [[gene_json(gene) for gene in genes] for genes in library],
    }
    (folder / SETTINGS).write_text(json.dumps(settings))


def read_data(folder: Path) -> tuple[Data, list[tuple[Gene, ...]]]:
    """What `write_data` wrote."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        settings = json.loads((folder / SETTINGS).read_text())
        alphabet = Alphabet(arrays["of_symbol"], dict(map(tuple, settings["of_number"])), settings["size"])
        train = Batch(arrays["values"], arrays["valid"], arrays["labels"])
    sources = tuple(Source(of, column) for of, column in settings["sources"])
    library = [tuple(map(gene_of, genes)) for genes in settings["library"]]
    return Data(train, sources, alphabet, Bank(**settings["bank"])), library


def found_json(found: Found) -> dict[str, Any]:
    """A program found, as one JSON object."""
    config, arrays = to_json(found.model)
    tables = {name: array.tolist() for name, array in arrays.items()}
    rest = {"misses": found.misses, "price": found.price, "effort": found.effort, "how": found.how}
    return {"config": config, "tables": tables, **rest}


def main(folder: Path, seed: int, effort: int) -> None:
    """Search and print."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business: it keeps what was found
    data, library = read_data(folder)

    def say(line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)

    def beat(done: int, fit: float) -> None:
        say({"effort": done, "fit": fit})

    # programs of a library are over the base variables of seed 0
    base = variant(0 if library else seed, data)
    for found in seek(data, base, seed, effort, beat, library):
        say({"found": found_json(found)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
