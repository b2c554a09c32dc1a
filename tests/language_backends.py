"""Back ends of the language, all compared with the reference: add one here, and every table and random test runs it."""

import math
from dataclasses import replace

from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.language.json import dumps, loads
from pellucid.language.nodes import Assign, looks_ahead, renamed
from pellucid.semantics import batch
from pellucid.semantics.reading import read
from pellucid.semantics.reference import evaluate, run
from pellucid.semantics.stream import Stream


def by_reference(program, inputs):
    return [_told(lambda x=x: run(program, x)) for x in inputs]


def by_batch(program, inputs):
    """All at once, but for those that are refused."""
    told = [_told(lambda x=x: batch.predict(program, [x])) for x in inputs]
    taken = [x for x, out in zip(inputs, told, strict=True) if not isinstance(out, str)]
    found = iter(batch.predict(program, taken))
    return [out if isinstance(out, str) else next(found) for out in told]


def by_stream(program, inputs):
    """None: the program looks ahead."""
    ahead = any(looks_ahead(a.node) for a in program)
    return None if ahead else [_told(lambda x=x: _streamed(program, x)) for x in inputs]


def by_json(program, inputs):
    again = loads(dumps(program))
    assert again == program
    return by_reference(again, inputs)


def by_text(program, inputs):
    """By the emitted text, the variables under names that it does not use itself."""
    names = {a.name: f"v_{a.name}" for a in program}
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    outputs = tuple(replace(output, variable=names[output.variable]) for output in program.outputs)
    space = {"__name__": "emitted"}
    exec(compile(emit(replace(program, assignments=assigns, outputs=outputs)), "program.py", "exec"), space)
    return [_told(lambda x=x: space["run"](x)) for x in inputs]


def _streamed(program, sequence):
    if isinstance(sequence, str):
        sequence = program.inputs[0].words.words.tokens(sequence)
    if program.longest is not None and len(sequence) > program.longest and not program.takes_longer:
        raise PellucidError("too long")
    stream = Stream(program)
    told = [stream.step(value) for value in sequence]
    if program.when == "every":
        return told
    if not told and program.empty is None:
        raise PellucidError("empty")
    return told[-1] if told else program.empty[0] if len(program.empty) == 1 else list(program.empty)


def _told(outputs):
    """What comes out; `refused` for an input that is not taken."""
    try:
        return outputs()
    except ValueError:  # a PellucidError is one
        return "refused"


# name -> function(program, inputs in the user's form) -> outputs in the user's form, None where it cannot run that one
BACKENDS = {"reference": by_reference, "batch": by_batch, "stream": by_stream, "json": by_json, "text": by_text}


def same(meant, given):
    """Whether two outputs are equal; among reals a whole number may be a float, "not a number" equals itself."""
    if isinstance(meant, list | tuple):
        alike = isinstance(given, list | tuple) and len(meant) == len(given)
        return alike and all(map(same, meant, given))
    if isinstance(meant, float) and isinstance(given, float) and math.isnan(meant):
        return math.isnan(given)
    if isinstance(meant, int) and isinstance(given, float):
        return math.isclose(meant, given, rel_tol=1e-15)
    return meant == given and isinstance(meant, str) == isinstance(given, str) and not isinstance(given, bool)


def check(program, inputs):
    """Compare all back ends on these inputs."""
    meant = by_reference(program, inputs)
    for name, backend in BACKENDS.items():
        given = backend(program, inputs)
        if given is None:
            continue
        for x, wanted, got in zip(inputs, meant, given, strict=True):
            assert same(wanted, got), f"{name}: input {x!r}: expected {wanted!r}, got {got!r}"
    return meant


def check_cells(program, inputs):
    """Compare every variable of the batch with the reference's, and both with the types."""
    taken = [x for x, out in zip(inputs, by_reference(program, inputs), strict=True) if not _refused(out)]
    values = batch.evaluate(program, taken)
    for x, begin, end in zip(taken, values.starts[:-1], values.starts[1:], strict=True):
        cells = evaluate(program, read(program, x), int(end - begin))
        for name, meant in cells.items():
            given = values[name][begin:end].tolist()
            assert same(meant, given), f"{name}: input {x!r}: expected {meant!r}, got {given!r}"
            wrong = [v for v in meant if not program.types[name].holds(v)]
            assert not wrong, f"{name}: input {x!r}: {wrong[0]!r} is not among {program.types[name]}"


def _refused(output):
    return isinstance(output, str) and output == "refused"
