"""A user's Python file, run and compared with in a process of its own: bounded time and memory, its printing kept out.

The process is `python -m pellucid.verify.apart`, which reads one JSON request and writes one JSON answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.json import dumps, loads
from pellucid.language.program import Program
from pellucid.verify.oracle import load_oracle, split_spec
from pellucid.verify.outputs import PATIENCE, limited
from pellucid.verify.proof import SECONDS, Proof, against_file, prove
from pellucid.verify.spec import SpecVerdict, check_spec

LIMIT = 600  # seconds of the processor


def check_file(
    program: Program,
    spec: str,
    seed: int = 0,
    longest: int | None = None,
    known: Sequence[Any] = (),
    limit: int = LIMIT,
) -> SpecVerdict:
    """Compare with the function `FILE.py:function`; see `spec.check_spec`.

    Args:
        limit: seconds of the processor.

    Raises:
        PellucidError: as there; also no such file or function, or no answer in the time.
    """
    return SpecVerdict(**_apart("check", program, spec, limit, seed=seed, longest=longest, known=list(known)))


def prove_file(program: Program, spec: str, longest: int | None = None, seconds: float = SECONDS) -> Proof:
    """Prove equal to the function `FILE.py:function`; see `proof.prove`. Raises as `check_file` does."""
    return Proof(**_apart("prove", program, spec, 60 + int(2 * seconds), longest=longest, seconds=seconds))


def _apart(action: str, program: Program, spec: str, limit: int, **settings: Any) -> dict[str, Any]:
    request = json.dumps({"action": action, "program": dumps(program), "spec": spec, "settings": settings})
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = limited(["-P", "-m", __name__], limit, env=environment, **pipes)
    try:
        told, errors = process.communicate(request.encode(), timeout=PATIENCE * limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise PellucidError(f"--spec {spec}: still running after {PATIENCE * limit} seconds") from None
    try:
        answer = json.loads(told)
    except ValueError:
        last = errors.decode("utf-8", "replace").strip().splitlines()
        why = last[-1][:300] if last else f"exit code {process.returncode}; at most {limit} seconds of the processor"
        raise PellucidError(f"--spec {spec}: no answer: {why}") from None
    if "error" in answer:
        raise PellucidError(answer["error"])
    return answer["found"]


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    program, spec, settings = loads(request["program"]), request["spec"], request["settings"]
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as told:
        os.dup2(2, 1)  # what the user's file prints is no answer
        try:
            oracle = load_oracle(spec, program)
            if request["action"] == "check":
                found = check_spec(program, oracle, **settings)
            else:
                found = prove(program, against_file(oracle, *split_spec(spec)), **settings)
            answer = {"found": vars(found)}
        except PellucidError as error:
            answer = {"error": str(error)}
        json.dump(answer, told)


if __name__ == "__main__":
    main()
