"""The command line: thin commands over the Python API.

Exit codes: 0 success, 1 not faithful, 2 bad input, 3 only an approximate program was found.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pellucid.errors import MismatchError, PellucidError
from pellucid.first.cli_eval import evaluate, load_any, of_numbers, run
from pellucid.first.cli_inspect import COMMANDS
from pellucid.first.cli_text import baseline
from pellucid.settings import DATA, MODEL, SERIES, SERIES_DATA, TEXT_DATA, TEXT_MODEL, TEXT_TRAINING, TRAINING

if TYPE_CHECKING:
    from pellucid.learned import Learned

EXIT_UNFAITHFUL = 1
EXIT_BAD_INPUT = 2
EXIT_INEXACT = 3
EXIT_INTERRUPTED = 130
BIAS = ("modes", "operators", "layers", "heads", "units", "window", "feedback", "mask", "readable_inputs")


class _Group(click.Group):
    """Bad input ends in one line on standard error and exit code 2, never in a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command line and exit; with `standalone_mode` off, let errors through."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        try:
            code = super().main(*args, standalone_mode=False, **extra)
            sys.exit(code if isinstance(code, int) else 0)
        except click.ClickException as error:
            _fail(error.format_message(), EXIT_BAD_INPUT)
        except PellucidError as error:
            _fail(str(error), EXIT_UNFAITHFUL if isinstance(error, MismatchError) else EXIT_BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            _fail("interrupted before there was anything to keep; nothing was written", EXIT_INTERRUPTED)


def _fail(message: str, code: int) -> NoReturn:
    click.echo("error: " + " ".join(message.split()), err=True)
    sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pellucid")
def main() -> None:
    """Transformers you can read: learn a model, get a standalone Python program that computes exactly the same."""


def _settings() -> str:
    """The keys of `--set` by group, as `learn --help` shows them."""
    keys = {
        "built-in task": ["what `pellucid tasks` shows for it, as vocab and length; size (examples)"],
        "data file": [key for key in DATA if key != "size"],
        "architecture": MODEL,
        "training": TRAINING,
        "numbers": [*SERIES_DATA, *SERIES],
        "texts": [*TEXT_DATA, *TEXT_MODEL, *TEXT_TRAINING],
    }
    lines = ["\b", "Keys of --set (architecture and training: the gradient learner's for symbols):"]
    for group, names in keys.items():
        first, rest = f"  {group + ':':<15}", " " * 17
        lines += textwrap.wrap(", ".join(names), 78, initial_indent=first, subsequent_indent=rest)
    return "\n".join(lines)


@main.command(epilog=_settings())
@click.argument("what", required=False)
@click.option("--train", type=str, help="Training data, if WHAT is not given.")
@click.option("--valid", type=str, help="Validation data; split off the training data if missing.")
@click.option("--test", type=str, help="Test data; split off the training data if missing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write.  [default: WHAT-program]")
@click.option("--model", default="auto", show_default=True, help="auto, programs, search, standard or discrete.")
@click.option("--seed", default=0, show_default=True, help="Decides data, split and training.")
@click.option(
    "--seeds",
    type=int,
    help="Random starts of a learner, at most.  [default: 2 in a round of the search, 12 of the gradient learner]",
)
@click.option(
    "--steps",
    type=int,
    help="Gradient steps of a seed in the first round.  [default: 2000; a built-in task may have its own]",
)
@click.option("--budget", type=float, help="Seconds for learning, at most.  [default: 270]")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A setting, see below; may be repeated.")
@click.option(
    "--simplify", default="exact", show_default=True, help="none, exact or compact (may change what it computes)."
)
@click.option("--longer", type=str, help="Data with longer inputs, on which programs that take them are judged.")
@click.option("--pick", type=int, help="Take this candidate of the printed table (WHAT may be a learned folder).")
@click.option("--outputs", metavar="NAMES", help="Numbers: output columns of a table with one step a row.")
@click.option("--vectors", type=str, help="Texts: word vectors in GloVe text format, for the gradient learner.")
@click.option("--column", default=-1, show_default=True, help="Texts: labels in a CoNLL file, from 1, or -1: the last.")
@click.option("--modes", metavar="NAMES", help="Numbers: what may be routed or aggregated: shift,first,sum,max,...")
@click.option("--operators", metavar="NAMES", help="Numbers: which operators may be used: +,-,*,//,%,min,max,<,...")
@click.option("--layers", type=int, help="Numbers: most layers.")
@click.option("--heads", type=int, help="Numbers: most routed or aggregated variables.")
@click.option("--units", type=int, help="Numbers: most arithmetic units; 0: none.")
@click.option("--window", type=int, help="Numbers: largest shift and longest window.  [default: 8]")
@click.option("--feedback", type=int, help="Numbers: how many past outputs may be read.")
@click.option("--mask", metavar="NAMES", help="Numbers: what may not be read, as y[t-1],y[t-2] or a column.")
@click.option("--readable-inputs", metavar="NAMES", help="Numbers: the columns (and position) that may be read.")
@click.option("--resume", is_flag=True, help="Go on where a killed run with the same arguments was.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def learn(
    what: str | None,
    train: str | None,
    out: Path | None,
    pairs: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    **rest: Any,
) -> None:
    """Learn a program. WHAT is a built-in task (see `pellucid tasks`) or a data file (.jsonl, .csv, .tsv, .conll).

    Texts are learned as texts: LABEL<TAB>text a line, columns or keys text and label, or CoNLL columns of words and
    tags.

    Numbers are learned as numbers where they have fractions, several columns, or more than 64 different values, and
    where an option for numbers is given; else a file holds symbols. Exit code 3: a program for numbers was found and
    written, but it is not exact.
    """
    from pellucid.numeric import Bias
    from pellucid.pipeline import learn as start
    from pellucid.progress import progress_bar
    from pellucid.series import commands as series
    from pellucid.settings import split_pair

    if (what is None) == (train is None):
        raise PellucidError("name one thing to learn from: WHAT or --train FILE")
    name = what or train or ""
    out = out or Path(f"{Path(name).stem}-program")
    bias = {key: rest.pop(key) for key in BIAS}
    if any(value is not None for value in bias.values()):
        rest["bias"] = Bias.parse(**bias)
    if rest["outputs"] is not None:
        rest["outputs"] = [part.strip() for part in rest["outputs"].split(",")]
    with progress_bar(quiet) as on_progress:
        learned = start(name, out=out, settings=dict(map(split_pair, pairs)), on_progress=on_progress, **rest)
    picked = rest["pick"] if Path(name).is_dir() else None
    if as_json:
        click.echo(json.dumps(learned.report))
    elif not quiet:
        click.echo(series.summary(learned, out, picked) if of_numbers(learned) else _summary(learned, out, picked))
    if of_numbers(learned) and not learned.exact:
        if quiet or as_json:
            click.echo(series.verdict_line(learned), err=True)
        sys.exit(EXIT_INEXACT)


def _summary(learned: Learned, out: Path, picked: int | None) -> str:
    """What was learned; `picked` is the candidate taken from a folder that was there before."""
    from pellucid.evaluation import scored

    report, kind = learned.report, learned.vocab.kind
    what = f"{report['seconds']['total']:.1f} s" if picked is None else f"candidate {picked}"
    lines = [f"{report['task']} ({report['model']}, seed {report['seed']}): {what}"]
    lines += [f"  {part:<6} {scored(score, kind, 8)}" for part, score in report["accuracy"].items()]
    if learned.program is not None:
        from pellucid.first.candidates import table
        from pellucid.program.inspect.words import counted
        from pellucid.program.verify import Verdict

        found = json.loads(learned.files["front.json"])
        beyond = found["candidates"][found["chosen"] - 1]["longer"]
        for part, score in beyond.items():
            lines.append(f"  {part:<6} " + ("refused" if score is None else scored(score, kind, 8)))
        if not beyond and learned.vocab.text is None:
            told = "taken, accuracy not measured" if learned.program.unbounded else "refused"
            lines.append(f"  longer inputs: {told}")
        if simple := report.get("found", {}).get("baselines"):
            told = ", ".join(f"{row['name']} {row[key]['value']:.3%}" for row in simple for key in [[*row][-1]])
            lines.append(f"  simple models on test: {told}")
        size = report["size"]
        parts = [counted(size["lines"], "line"), counted(size["variables"], "variable")]
        lines.append(f"  program: {', '.join(parts)}, {counted(size['ast_nodes'], 'AST node')}")
        compared = "model = IR = text" if report.get("given_up") is None else "IR = text"
        lines.append(f"  {compared}: {Verdict(**report['faithful'])}")
        lines += ["", table(found["candidates"], found["chosen"], kind), ""]
    return "\n".join([*lines, f"  wrote {out}/" + ("" if learned.program is None else "program.py")])


@main.command()
@click.argument("learned", type=click.Path(path_type=Path))
@click.option("--exhaustive", is_flag=True, help="Check every possible input, however many; error if over 100 million.")
@click.option("--seed", default=0, show_default=True, help="Of the sample, where the domain is too large.")
@click.option("--spec", metavar="FILE.py:FUNCTION", help="A function that says what is right; the file is executed.")
@click.option("--equals", type=click.Path(path_type=Path), metavar="DIR", help="Another learned program.")
@click.option("--prove", is_flag=True, help="Every input up to a length, with z3; goes with --spec or --equals.")
@click.option("--length", type=int, help="Longest input to prove.  [default: as learned]")
@click.option("--seconds", type=float, help="Time for a proof.  [default: 120]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(learned: Path, exhaustive: bool, seed: int, as_json: bool, **against: Any) -> None:
    """Check LEARNED as it lies on disk: model = IR = emitted text, and that the files belong together.

    \b
    --spec FILE.py:FUNCTION  instead: is the program right? FUNCTION takes a list of
                             tokens and returns a list of labels (None: any), or a label.
                             It may raise ValueError for an input that is not its business.
    --spec task              likewise, with the built-in task it was learned from
    --equals DIR             instead: does another learned program say the same?

    Every possible input is tried where there are at most a million, else the shortest and random ones; a difference is
    shown on a smallest input. With --prove, all inputs up to --length, however many. A program that reads texts is
    tried on texts of random words and odd strings. Exit code 1 if anything differs.
    """
    from pellucid.first.cli_inspect import check_against
    from pellucid.learned import tampering

    if of_numbers(model := load_any(learned)):
        from pellucid.series.commands import verify as verify_series

        if exhaustive:
            raise PellucidError("--exhaustive: for programs on symbols; one on numbers has no end of inputs")
        verify_series(model, seed, as_json, against)
        return
    if against["spec"] is not None or against["equals"] is not None:
        if exhaustive:
            raise PellucidError("--exhaustive: not with --spec or --equals; --prove looks at every input")
        check_against(learned, **against, seed=seed, as_json=as_json)
        return
    for name in ("prove", "length", "seconds"):
        if against[name] is not None and against[name] is not False:
            raise PellucidError(f"--{name}: goes with --spec or --equals")
    verdict = model.verify(seed=seed, exhaustive=exhaustive)
    problems = tampering(model)
    if as_json:
        click.echo(json.dumps({**verdict.to_json(), "problems": problems}))
    else:
        click.echo("\n".join([str(verdict), *problems]))
    if problems or not verdict.faithful:
        sys.exit(EXIT_UNFAITHFUL)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tasks(as_json: bool) -> None:
    """The built-in tasks, a line each."""
    from pellucid.data.old_tasks import all_tasks, numeric_tasks

    every = (*all_tasks(), *numeric_tasks())
    if as_json:
        click.echo(json.dumps({t.name: {"summary": t.summary, "settings": t.defaults} for t in every}))
        return
    for task in every:
        sizes = " ".join(f"{key}={value}" for key, value in task.defaults.items())
        click.echo(f"{task.name:<28} {task.summary}  [{sizes}]")


for _command in (evaluate, run, *COMMANDS, baseline):
    main.add_command(_command)
