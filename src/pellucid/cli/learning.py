"""`learn`: what is printed, and the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pellucid.errors import PellucidError
from pellucid.progress import Budget

if TYPE_CHECKING:
    from pellucid.artifact import Learned
    from pellucid.questions import Question

EXIT_INEXACT = 3
SHOWN = 5  # disagreements with a teacher
BIAS = ("modes", "operators", "layers", "heads", "units", "window", "feedback", "mask", "readable_inputs")
BUDGET = click.option(
    "--budget",
    type=float,
    callback=lambda context, option, seconds: None if seconds is None else Budget(seconds),  # the clock starts here
    help="Seconds for all of it, at least 10.  [default: until its work is done]",
)


@click.command()
@click.argument("what", required=False)
@click.option("--train", type=str, help="Training data, if WHAT is not given.")
@click.option("--valid", type=str, help="Validation data; split off the training data if missing.")
@click.option("--test", type=str, help="Test data; split off the training data if missing.")
@click.option("--longer", type=str, help="Data with longer inputs, on which programs that take them are judged.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write.  [default: WHAT-program]")
@click.option("--model", default="auto", show_default=True, help="auto, search, a learner's name, or standard.")
@click.option("--seed", default=0, show_default=True, help="Decides data, split and training.")
@click.option("--seeds", type=int, help="Random starts of a learner, at most.")
@click.option("--steps", type=int, help="Gradient steps of a seed in the first round.")
@click.option("--effort", type=float, default=1.0, show_default=True, help="Multiplies the work of every learner.")
@BUDGET
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the task, the data or a learner; may be repeated. An unknown one is told the known ones.",
)
@click.option(
    "--simplify", default="exact", show_default=True, help="none, exact or compact (may change what it computes)."
)
@click.option("--pick", type=int, help="Take this candidate of the printed table (WHAT may be a learned folder).")
@click.option("--output", metavar="NAMES", help="Output columns of a table with one step a row.")
@click.option("--warmup", type=int, help="First outputs of a sequence that are not scored.  [default: found out]")
@click.option("--group", metavar="COLUMN", help="Column of a table that names the sequence of a row; or rows.")
@click.option(
    "--tag", default=-1, show_default=True, help="Column of the labels in a CoNLL file, from 1, or -1: the last."
)
@click.option("--vectors", type=str, help="Word vectors in GloVe text format, for the gradient learner of words.")
@click.option("--modes", metavar="NAMES", help="What may be routed or aggregated: shift,first,sum,max,...")
@click.option("--operators", metavar="NAMES", help="Which operators may be used: +,-,*,//,%,min,max,<,...")
@click.option("--layers", type=int, help="Most layers.")
@click.option("--heads", type=int, help="Most routed or aggregated variables.")
@click.option("--units", type=int, help="Most arithmetic units; 0: none.")
@click.option("--window", type=int, help="Largest shift and longest window.  [default: 8]")
@click.option("--feedback", type=int, help="How many past outputs may be read.")
@click.option("--mask", metavar="NAMES", help="What may not be read, as y[t-1],y[t-2] or a column.")
@click.option("--readable-inputs", metavar="NAMES", help="The columns (and position) that may be read.")
@click.option("--teacher", metavar="FILE.py:FUNCTION", help="Learn from a function in place of WHAT; it is executed.")
@click.option("--tokens", metavar="A,B,...", help="What stands in the inputs of a teacher.")
@click.option("--numbers", metavar="LO:HI", help="Likewise: the numbers from LO to HI, whole where both are.")
@click.option("--length", type=int, help="Steps of the longest input of a teacher.")
@click.option("--ask", is_flag=True, help="With few examples, ask which output is right where programs differ.")
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

    A file may hold sequences of symbols or of numbers, several columns a step, texts (LABEL<TAB>text a line, or columns
    or keys text and label), or CoNLL columns of words and tags. Whole numbers are taken as symbols and as numbers. Exit
    code 3: a program was found and written, but it has errors on its data; for labels, that simple models
    are as good.

    With fewer than 30 examples all of them choose the program, and inputs are printed on which the best candidates
    differ. With --teacher, --length and --tokens or --numbers a Python function is asked instead: it takes a list, and
    gives a list of as many outputs, or one output for the sequence (ValueError: none). It runs in a process of its own.
    """
    from pellucid.bias import Bias
    from pellucid.pipeline import learn as start
    from pellucid.progress import shown
    from pellucid.settings import split_pair
    from pellucid.teaching import of_file

    teacher, name = rest.pop("teacher"), what or train or ""
    if sum(given is not None for given in (what, train, teacher)) != 1:
        raise PellucidError("name one thing to learn from: WHAT, --train FILE or --teacher FILE.py:function")
    inputs = {key: rest.pop(key) for key in ("tokens", "numbers", "length")}
    if teacher is None and (given := [key for key, value in inputs.items() if value is not None]):
        raise PellucidError(f"--{given[0]}: goes with --teacher")
    if teacher is not None and rest["ask"]:
        raise PellucidError("--ask: not with --teacher, who is asked instead")
    out = out or Path(f"{Path(name).stem if teacher is None else teacher.rpartition(':')[2]}-program")
    bias = {key: rest.pop(key) for key in BIAS}
    if any(value is not None for value in bias.values()):
        rest["bias"] = Bias.parse(**bias)
    if rest["output"] is not None:
        rest["output"] = [part.strip() for part in rest["output"].split(",")]
    rest["ask"] = _answer if _may_ask(rest["ask"]) else None
    with ExitStack() as stack:
        taught = name if teacher is None else stack.enter_context(closing(of_file(teacher, **inputs)))
        on_progress = stack.enter_context(shown(quiet or rest["ask"] is not None))
        learned = start(taught, out=out, settings=dict(map(split_pair, pairs)), on_progress=on_progress, **rest)
    _end(learned, out, rest["pick"] if Path(name).is_dir() else None, quiet, as_json)


@click.command()
@click.argument("trained", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write.  [default: TRAINED-program]")
@click.option("--length", type=int, help="Steps of the longest input asked.  [default: what the model takes]")
@click.option("--model", default="search", show_default=True, help="As for `learn`.")
@click.option("--seed", default=0, show_default=True, help="Decides the inputs and learning.")
@click.option("--effort", type=float, default=1.0, show_default=True, help="Multiplies the work of every learner.")
@BUDGET
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def decompile(trained: Path, out: Path | None, quiet: bool, as_json: bool, **rest: Any) -> None:
    """A program for a Transformer that `learn --model standard` wrote to the folder TRAINED, by asking it.

    The program is learned from what the model says, on inputs made up here; it is compared with the model on fresh
    inputs, or on all of them where they are few. Inputs on which the two differ are listed; of a built-in task with
    who is right. Exit codes as of `learn`.
    """
    from pellucid.pipeline import decompile as start
    from pellucid.progress import shown

    out = out or Path(f"{trained.name}-program")
    with shown(quiet) as on_progress:
        learned = start(trained, out=out, on_progress=on_progress, **rest)
    _end(learned, out, None, quiet, as_json)


def _end(learned: Learned, out: Path, picked: int | None, quiet: bool, as_json: bool) -> None:
    """What is printed, and the exit code."""
    from pellucid.explain.evaluation import told

    if as_json:
        click.echo(json.dumps(learned.report))
    elif not quiet:
        click.echo(summary(learned, out, picked))
    if learned.program is not None and not learned.exact and not _beats_all(learned):
        if quiet or as_json:
            part, name = ("valid", "validation") if learned.report["examples"]["valid"] else ("train", "training")
            figures = told(learned.report["accuracy"][part], learned.schema.when)
            click.echo(f"not without errors: on {name} data {figures}", err=True)
        sys.exit(EXIT_INEXACT)


def _beats_all(learned: Learned) -> bool:
    """Whether a program for labels is better than every simple model, by more than a standard error, on test data."""
    report, labels = learned.report, all(output.values is not None for output in learned.schema.outputs)
    simple = report["found"].get("baselines")
    if not labels or not simple or report["examples"]["test"] == 0:
        return False
    figure = report["accuracy"]["test"]
    right, others = (
        (figure["f1"], [row["f1"]["value"] for row in simple])
        if "f1" in figure
        else (figure["token"], [row["accuracy"]["value"] for row in simple])
    )
    return right > max(others) + (right * (1 - right) / report["examples"]["test"]) ** 0.5


def summary(learned: Learned, out: Path, picked: int | None) -> str:
    """What was learned; `picked` is the candidate taken from a folder that was there before."""
    from pellucid.explain.evaluation import told

    report, when = learned.report, learned.schema.when
    what = f"{report['seconds']['total']:.1f} s" if picked is None else f"candidate {picked}"
    lines = [f"{report['task']} ({report['model']}, seed {report['seed']}): {what}"]
    for part, score in {**report["accuracy"], **report.get("longer", {})}.items():
        lines.append(f"  {part:<6} {'refused' if score is None else told(score, when, 8)}")
    lines += [f"  {note}" for note in report.get("notes", ())]
    if not report["examples"]["valid"]:
        lines.append(f"  {report['examples']['train']} examples are few: all of them chose the program")
    if learned.program is not None:
        lines += _program(learned)
    return "\n".join([*lines, f"  wrote {out}/" + ("" if learned.program is None else "program.py")])


def _program(learned: Learned) -> list[str]:
    from pellucid.candidates import table
    from pellucid.values import counted
    from pellucid.verify import Verdict

    report = learned.report
    lines = []
    if not report["longer"]:
        taken = learned.program is not None and learned.program.takes_longer
        lines.append(f"  longer inputs: {'taken, accuracy not measured' if taken else 'refused'}")
    if simple := report["found"].get("baselines"):
        figures = [f"{row['name']} {(row.get('f1') or row['accuracy'])['value']:.3%}" for row in simple]
        lines.append(f"  simple models on test: {', '.join(figures)}")
        if not learned.exact and len(simple) > 1 and not _beats_all(learned):
            lines.append("  the program is not better than the best of them by more than chance")
    size, verdict = report["size"], Verdict(**report["faithful"])
    parts = [counted(size["lines"], "line"), counted(size["variables"], "variable")]
    lines.append(f"  program: {', '.join(parts)}, {counted(size['ast_nodes'], 'AST node')}")
    lines.append(f"  {' = '.join(verdict.compared)}: {verdict}")
    if teacher := report.get("teacher"):
        lines += _of_teacher(teacher)
    if report["cut_short"]:
        lines.append(f"  cut short, before all of its work was done: {', '.join(report['cut_short'])}")
    found = json.loads(learned.files["front.json"])
    return [
        *lines,
        "",
        table(found["candidates"], found["chosen"], "valid" if report["examples"]["valid"] else "right"),
        "",
        *_body(str(learned)),
        *_asked(report),
        "",
    ]


def _of_teacher(told: Mapping[str, Any]) -> list[str]:
    """How much a teacher was asked, how well the program agrees, and where it does not."""
    from pellucid.verify.spec import SpecVerdict, shown

    first = f"  teacher: {told['questions']:,} questions"
    if told["failed"]:
        return [f"{first}, then it failed: {told['failed']}"]
    if told["agreement"] is None:
        return [f"{first}, no answers in the end"]
    found = SpecVerdict(**{key: value for key, value in told["agreement"].items() if key != "agrees"})
    if found.agrees:
        return [f"{first}; {found}"]
    lines = [f"{first}; the program agrees on {1 - found.mismatches / found.checked:.3%} of {found.checked:,} inputs"]
    if who := told.get("who_is_right"):
        lines.append(f"  where they differ, right is: {', '.join(f'{name} {n:,}' for name, n in who.items())}")
    for row in told["disagreements"][:SHOWN]:
        said = ", ".join(f"{key} {shown(row[key])}" for key in ("teacher", "program", "right") if key in row)
        lines.append(f"    {shown(row['input'])}: {said}")
    return lines


def _may_ask(asked: bool) -> bool:
    if asked and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PellucidError("--ask: needs a terminal, where a person answers; without it the questions are printed")
    return asked


def _answer(question: Question) -> Any:
    """The output that the user says is right; None where there is no answer."""
    from pellucid.questions import typed
    from pellucid.verify.spec import shown

    click.echo(f"\nwhich is right for: {shown(question.input)}")
    for number, (output, _) in enumerate(question.answers, 1):
        click.echo(f"  {number}) {shown(output)}")
    while True:
        text = click.prompt("its number, = and the right output, or nothing to stop", default="", show_default=False)
        try:
            return typed(question, text.strip())
        except PellucidError as error:
            click.echo(str(error))


def _asked(report: Mapping[str, Any]) -> list[str]:
    """The questions that are open."""
    from pellucid.questions import Question

    if not report.get("questions"):
        return []
    told = map(Question.of_json, report["questions"])
    heading = "  which is right? The examples do not say; answer with --ask, or give one of these as an example:"
    return ["", heading, *(f"    {question}" for question in told)]


def _body(source: str) -> list[str]:
    """The lines of `run`, for the screen, where they are few."""
    text = source[source.index("def run(") :]
    lines = text[: text.index("\n\n\n")].splitlines()
    return ["  " + line if line else "" for line in lines] if len(lines) <= 30 else []
