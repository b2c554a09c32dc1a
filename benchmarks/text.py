"""Texts: accuracy of learned programs beside simple models, the standard Transformer and the published figures.

    python benchmarks/text.py --data FOLDER [NAME ...] [--models auto standard] [--seeds 0] [--vectors FILE] [--again]

FOLDER holds the data sets as `DATASETS` names them; they are not part of this project. Each run is
`pellucid learn FILE --test FILE --model MODEL --seed S`, nothing else set. The written program is run, by itself, on
every raw test text and compared with the model in its folder. Saved after every run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import RESULTS, learn

from pellucid import load
from pellucid.baseline import baselines
from pellucid.data.data import Data
from pellucid.data.readers import read_splits
from pellucid.semantics.scores import figures
from pellucid.verify.outputs import run_text

# Published by Friedman et al. 2023, table 2: bag of words, standard Transformer, Transformer Program (test accuracy,
# with 300-dimensional vectors; AG News with 120,000 training texts). reach: what we set out to reach.
DATASETS: dict[str, dict[str, Any]] = {
    "trec": {"train": ["trec/train.tsv"], "test": "trec/test.tsv", "published": (74.8, 88.6, 85.6), "reach": 88.0},
    "mr": {"train": ["mr/all.tsv"], "published": (77.8, 77.2, 77.9), "reach": 78.5},
    "subj": {"train": ["subj/all.tsv"], "published": (92.6, 92.3, 93.0), "reach": 93.5},
    "agnews": {
        "train": ["agnews/train10k.tsv", "agnews/train_extra.tsv"],
        "test": "agnews/test.tsv",
        "published": (89.6, 91.7, 90.8),
        "reach": 89.5,
    },
    "wnut17": {
        "train": ["ner_wnut17/wnut17train.conll"],
        "valid": "ner_wnut17/emerging.dev.conll",
        "test": "ner_wnut17/emerging.test.annotated",
    },
    "wikigold": {"train": ["ner_wikigold/wikigold.conll.txt"]},
}


def files_of(name: str, data: Path, scratch: Path) -> dict[str, str]:
    """Train, valid and test files of a data set; several training files as one."""
    entry = DATASETS[name]
    train = [data / part for part in entry["train"]]
    if len(train) > 1:
        joined = scratch / f"{name}{train[0].suffix}"
        joined.write_text("".join(part.read_text(encoding="utf-8") for part in train), encoding="utf-8")
        train = [joined]
    return {"train": str(train[0])} | {part: str(data / entry[part]) for part in ("valid", "test") if part in entry}


def judged(out: Path, test: Data) -> dict[str, Any]:
    """The written program on every raw test text: its figures, and on how many the model says the same."""
    learned, when = load(out), test.schema.when
    if learned.program is None:
        return {"test": figures(learned.outputs(test.sequences), test.outputs, when)}
    told = run_text((out / "program.py").read_text(encoding="utf-8"), test.sequences)
    model = [] if learned.predictor is None else learned.predictor(test.sequences)
    return {
        "test": figures(told, test.outputs, when),
        "agree": sum(a == b for a, b in zip(told, model, strict=True)) if model else 0,
        "texts": len(test),
    }


def measure(name: str, data: Path, model: str, seed: int, vectors: str | None) -> dict[str, Any]:
    """One run, judged."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        files = files_of(name, data, scratch)
        more = [word for part in ("valid", "test") if part in files for word in (f"--{part}", files[part])]
        more += ["--vectors", vectors] if vectors and model in ("auto", "words") else []
        out = scratch / "learned"
        row = learn(files["train"], seed, out, "--model", model, *more)
        report = row.pop("report")
        test = read_splits(files["train"], files.get("valid"), files.get("test"), seed=seed).splits.test
        return {
            **row,
            **judged(out, test),
            "found_by": report["model"],
            "accuracy": report["accuracy"],
            "size": report.get("size"),
            "faithful": report.get("faithful"),
        }


def simple(name: str, data: Path, seed: int) -> list[dict[str, Any]]:
    """Majority, unigram and naive Bayes on the same split, training and validation data together."""
    with tempfile.TemporaryDirectory() as folder:
        files = files_of(name, data, Path(folder))
        splits = read_splits(files["train"], files.get("valid"), files.get("test"), seed=seed).splits
    return [row.to_json() for row in baselines(splits.train + splits.valid, splits.test, seed)]


def table(results: dict[str, Any]) -> str:
    """Markdown: a row per data set."""
    lines = [
        "| data (test) | majority | unigram | naive Bayes | published: bag of words / Transformer / program "
        "| our standard Transformer | **our program** | found by | nodes | program = model | CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results["runs"].items():
        runs = found["runs"]
        best = _first(runs, "auto") or _first(runs, "evidence")
        if best is None:
            continue
        key = "f1" if "f1" in best["test"] else "token"
        plain = [f"{100 * row['f1' if key == 'f1' else 'accuracy']['value']:.1f}" for row in found["simple"]]
        published = " / ".join(map(str, DATASETS[name].get("published", ("-",))))
        other = _first(runs, "standard")
        lines.append(
            f"| {name}{' (entity F1)' if key == 'f1' else ''} | {' | '.join(plain)} | {published} "
            f"| {'-' if other is None else format(100 * other['test'][key], '.1f')} "
            f"| **{100 * best['test'][key]:.1f}** | {best['found_by']} | {best['size']['ast_nodes']:,} "
            f"| {best['agree']:,} of {best['texts']:,} | {best['cpu_seconds']} |"
        )
    return "\n".join([*lines, *_alone(results)]) + "\n"


def _alone(results: dict[str, Any]) -> list[str]:
    """The gradient learner alone, without and with word vectors, where that was run."""
    lines = []
    for name, found in results["runs"].items():
        plain, helped = (_first(found["runs"], label) for label in ("words", "words with vectors"))
        told = ["-" if run is None else format(100 * run["test"].get("f1", run["test"]["token"]), ".1f")
                for run in (plain, helped)]  # fmt: skip
        if plain or helped:
            nodes = "-" if plain is None else format(plain["size"]["ast_nodes"], ",")
            lines.append(f"| {name} | {told[0]} | {told[1]} | {nodes} |")
    head = ["", "| gradient learner alone | without vectors | with 9,464 vectors | nodes |", "|---|---|---|---|"]
    return [*head, *lines] if lines else []


def _first(runs: dict[str, Any], model: str) -> dict[str, Any] | None:
    """The run of a model with the smallest seed."""
    seeds = runs.get(model, {})
    return seeds[min(seeds, key=int)] if seeds else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Accuracy on texts, beside other models.")
    parser.add_argument("names", nargs="*", default=list(DATASETS))
    parser.add_argument("--data", type=Path, required=True, help="folder with the data sets")
    parser.add_argument("--models", nargs="+", default=["auto", "standard"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--vectors", help="word vectors for the gradient learner")
    parser.add_argument("--again", action="store_true", help="repeat runs that were made already")
    options = parser.parse_args()
    out = RESULTS / "text.json"
    results: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {"runs": {}}
    results |= {"command": "python benchmarks/text.py --data FOLDER", "cores": os.cpu_count()}
    for name in options.names:
        found = results["runs"].setdefault(name, {"runs": {}})
        if "simple" not in found or options.again:
            found["simple"] = simple(name, options.data, 0)
        for model, seed in ((m, s) for m in options.models for s in options.seeds):
            label = model + (" with vectors" if options.vectors and model in ("auto", "words") else "")
            done = found["runs"].setdefault(label, {})
            if str(seed) in done and not options.again:
                continue
            try:
                done[str(seed)] = row = measure(name, options.data, model, seed, options.vectors)
            except subprocess.CalledProcessError as error:
                print(f"{name}, {model}, seed {seed}: {error}", file=sys.stderr, flush=True)
                continue
            out.write_text(json.dumps(results, indent=1) + "\n")
            (RESULTS / "text.md").write_text(table(results))
            print(f"{name}, {label}, seed {seed}: {row['test']}, {row['cpu_seconds']} CPU s", flush=True)


if __name__ == "__main__":
    main()
