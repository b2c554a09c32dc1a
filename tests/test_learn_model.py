"""The hardened model: it computes what plain loops and the relaxed model do; files keep everything."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from pellucid import folder
from pellucid.errors import PellucidError
from pellucid.language.expressions import Const
from pellucid.language.nodes import Assign, Column, Let, Output
from pellucid.language.program import Program
from pellucid.language.types import whole
from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.layers import NoiseTape
from pellucid.learners.transformer.learners import Programs, ProgramsModel, TrainedProgram
from pellucid.learners.transformer.marked import Marked
from pellucid.learners.transformer.programs.hardened import (
    SOFT_SCALE,
    Hardened,
    Module,
    Places,
    contribution,
    harden,
    live,
    predict,
    priority,
    run_module,
    variables,
)
from pellucid.learners.transformer.programs.moves import propagate, view_of
from pellucid.learners.transformer.programs.relaxed import forward, init_params

CONFIGS = {
    "tagging": ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, layers=2, heads_cat=2, heads_num=2),
    "causal": ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, causal=True, layers=2, mlps_cat=2),
    "nested": ProgramsConfig(
        n_symbols=6, n_tokens=4, n_classes=3, width=5, nested_counts=True, free_counts=True, layers=2
    ),
    "embedding": ProgramsConfig(n_symbols=40, n_tokens=39, n_classes=4, width=6, variables=2, k=9, layers=1),
    "pooled": ProgramsConfig(n_symbols=6, n_tokens=5, n_classes=3, width=6, kind="classification", layers=1),
    "many values": ProgramsConfig(n_symbols=70, n_tokens=69, n_classes=3, width=5, layers=1, heads_cat=2),
    "no categorical heads": ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, heads_cat=0, mlps_cat=0),
    "no numerical heads": ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, heads_num=0, mlps_num=0),
    "no modules": ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, layers=0),
}


def inputs(config: ProgramsConfig, n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, config.n_tokens, (n, config.width)).astype(np.int32)
    tokens[:, 0] = config.n_tokens
    lengths = rng.integers(2, config.width + 1, n)
    tokens[np.arange(config.width)[None] >= lengths[:, None]] = -1
    return tokens


def hardened_of(config: ProgramsConfig, seed: int = 0) -> Hardened:
    return harden(init_params(np.random.default_rng(seed), config, 1.0), config)


def plainly(h: Hardened, row: list[int]) -> list[int] | int:
    """Class codes of one sequence without padding, by loops."""
    places, order = range(len(row)), priority(len(row), h.causal)
    values = {i: [int(codes[t]) for t in row] for i, codes in enumerate(h.embedding)}
    values |= {len(h.embedding): list(places), h.n_cat: [1] * len(row)}
    for m in h.modules:
        if m.kind in ("cat", "num"):
            query, key, value = (values[v] for v in m.reads)
            found = [[j for j in places if order[i, j] and m.table[query[i], key[j]]] for i in places]
            if m.kind == "cat":
                out = [value[max(js, key=lambda j: order[i, j]) if js else 0] for i, js in enumerate(found)]
            else:
                out = [sum(value[j] for j in js) for js in found]
        else:
            top = len(m.table) - 1
            out = [int(m.table[min(a, top), min(b, top)]) for a, b in zip(*(values[v] for v in m.reads), strict=True)]
        values[m.out] = out
    scores = [h.bias.astype(int) for _ in places]
    for v, weights in enumerate(h.readout):
        scores = [s + (weights[x] if v < h.n_cat else x * weights) for s, x in zip(scores, values[v], strict=True)]
    if h.kind == "classification":
        own = [s - h.bias for s, token in zip(scores, row, strict=True) if token < h.n_tokens]
        return int((sum(own) + h.bias * len(own)).argmax())
    return [int(s.argmax()) for s in scores]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_hard_model_computes_what_loops_do(name):
    config = CONFIGS[name]
    tokens = inputs(config, 40)
    for seed in range(3):
        hardened = hardened_of(config, seed)
        for row, codes in zip(tokens, predict(hardened, tokens), strict=True):
            wanted = plainly(hardened, row[row >= 0].tolist())
            assert (codes[row >= 0].tolist() if config.kind == "tagging" else int(codes)) == wanted


@pytest.mark.parametrize("name", CONFIGS)
def test_relaxed_model_at_low_temperature_is_the_hard_model(name):
    config = CONFIGS[name]
    tokens = inputs(config, 100)
    params = init_params(np.random.default_rng(1), config, 1.0)
    for layer in params["layers"]:  # all-zero biases would leave ties
        for mlp in ("cat_mlp", "num_mlp"):
            layer[mlp]["b2"] = np.random.default_rng(5).normal(size=layer[mlp]["b2"].shape).astype(np.float32)
    params["readout"] = {k: np.rint(v * SOFT_SCALE) / SOFT_SCALE for k, v in params["readout"].items()}
    soft = np.asarray(forward(jax.tree.map(jnp.asarray, params), jnp.asarray(tokens), 1e-5, NoiseTape(None), config))
    hardened = harden(params, config)
    pairs = zip(hardened.readout, variables(hardened, tokens), strict=True)
    hard = (sum(contribution(w, v) for w, v in pairs) + hardened.bias[:, None, None]).transpose(2, 1, 0)
    real = tokens >= 0
    close = np.abs(soft.transpose(1, 2, 0) - hard / SOFT_SCALE).max(-1)[real] < 2e-2
    assert close.mean() > 0.98  # near-ties of two logits may fall either way in float32


def test_closest_match_rules():
    places = Places(priority(5, causal=False).astype(np.uint32)[:, :, None], np.ones((5, 1), bool))
    key, position = np.array([[9], [1], [0], [1], [2]]), np.arange(5)[:, None]
    head = Module("cat", 0, 3, (0, 1, 2), np.eye(10, dtype=bool))
    ask = lambda value, at: run_module(head, [np.full((5, 1), value), key, position], places)[at, 0]  # noqa: E731
    assert ask(1, 2) == 1  # equal distance: the left one
    assert ask(1, 3) == 1  # another match before the own position
    assert ask(2, 4) == 4  # the own position when nothing else matches
    assert ask(5, 3) == 0  # nothing matches: the begin marker


def test_causal_heads_do_not_look_ahead():
    config = CONFIGS["causal"]
    tokens = inputs(config, 200)
    tokens = tokens[(tokens >= 0).all(1)]
    changed = tokens.copy()
    changed[:, -1] = (changed[:, -1] + 1) % config.n_tokens
    hardened = hardened_of(config)
    assert (predict(hardened, tokens)[:, :-1] == predict(hardened, changed)[:, :-1]).all()


def test_dead_modules_do_not_matter():
    hardened, tokens = hardened_of(CONFIGS["tagging"]), inputs(CONFIGS["tagging"], 50)
    kept = tuple(w if v < 3 else np.zeros_like(w) for v, w in enumerate(hardened.readout))
    hardened = replace(hardened, readout=kept)
    alive = live(hardened)
    assert 2 in alive
    assert len(alive) < hardened.n_cat
    fewer = replace(hardened, modules=tuple(m for m in hardened.modules if m.out in alive))
    assert (predict(hardened, tokens) == predict(fewer, tokens)).all()


def test_predict_of_nothing():
    config = CONFIGS["tagging"]
    assert predict(hardened_of(config), np.zeros((0, config.width), np.int32)).shape == (0, config.width)


def test_propagating_a_change_equals_evaluating_anew():
    config = CONFIGS["tagging"]
    tokens = inputs(config, 80)
    rng = np.random.default_rng(3)
    hardened = hardened_of(config)
    weights = [w.astype(np.float32) for w in hardened.readout]
    bias = hardened.bias.astype(np.float32)
    view, modules = view_of(hardened, tokens, np.zeros_like(tokens), weights, bias), hardened.modules
    for at, m in enumerate(modules):
        table = m.table.copy()
        table[rng.integers(len(table))] = table[rng.integers(len(table))]
        new = replace(m, table=table)
        changed = propagate(modules, set(range(len(weights))), view, at, new)
        scores = view.scores + sum(
            contribution(weights[v], a) - contribution(weights[v], view.values[v]) for v, a in changed.items()
        )
        changed_program = replace(hardened, modules=(*modules[:at], new, *modules[at + 1 :]))
        fresh = view_of(changed_program, tokens, np.zeros_like(tokens), weights, bias)
        assert np.allclose(scores[:, view.real], fresh.scores[:, view.real], atol=1e-2)


PROGRAM = Program((Column("x", whole()),), (Assign("y", Let(Const(1))),), (Output("y", "y"),))


@pytest.mark.parametrize("name", CONFIGS)
def test_files_keep_everything(name, tmp_path):
    config = CONFIGS[name]
    params = init_params(np.random.default_rng(0), config, 1.0)
    marked = Marked("x", tuple("abc"), ("x", 1), config.kind, 5, True, config.causal)
    model = ProgramsModel(harden(params, config), params["readout"], config, marked)
    described, arrays = TrainedProgram(model, PROGRAM).described()
    save_file(dict(arrays), tmp_path / folder.WEIGHTS)
    described, arrays = json.loads(json.dumps(described)), folder.read_arrays(tmp_path)
    again = Programs.opened(described, arrays, PROGRAM, "model.json").model
    assert (again.config, again.marked) == (config, marked)
    assert again.params.keys() == model.params.keys()
    assert all((again.params[k] == model.params[k]).all() for k in model.params)
    tokens = inputs(config, 50)
    assert (predict(again.hardened, tokens) == predict(model.hardened, tokens)).all()


def test_bad_files_are_named(tmp_path):
    with pytest.raises(PellucidError, match="no such file"):
        folder.read_arrays(tmp_path)
    (tmp_path / folder.WEIGHTS).write_bytes(b"not a safetensors file at all")
    with pytest.raises(PellucidError, match=r"model\.safetensors: cannot be read"):
        folder.read_arrays(tmp_path)
    marked = Marked("x", ("a",), ("b",), "tagging", 5, True, False)
    model = ProgramsModel(hardened_of(CONFIGS["tagging"]), {}, CONFIGS["tagging"], marked)
    described, arrays = TrainedProgram(model, PROGRAM).described()
    for wrong, others in (
        ({**described, "config": {"is": "ProgramsConfig", "depth": 3}}, arrays),
        (described, dict(list(arrays.items())[1:])),
        (None, {}),
    ):
        with pytest.raises(PellucidError, match=r"model\.json: not the description of a Transformer Program"):
            Programs.opened(wrong, others, PROGRAM, "model.json")


def test_config_says_what_is_wrong():
    with pytest.raises(PellucidError, match="--set k=3: too small; 7"):
        ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, k=3)
    with pytest.raises(PellucidError, match="--set layers=-1: expected a number from 0"):
        ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, layers=-1)
