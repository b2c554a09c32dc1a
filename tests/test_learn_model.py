"""The hardened model: relaxed, NumPy and JAX evaluation agree; checkpoints keep everything."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.learners.transformer.choices import NoiseTape
from pellucid.learners.transformer.programs import checkpoint
from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.graph import (
    contribution,
    from_modules,
    propagate,
    run_module,
    to_modules,
    view_of,
)
from pellucid.learners.transformer.programs.hard_model import predict
from pellucid.learners.transformer.programs.harden import harden
from pellucid.learners.transformer.programs.hardened import (
    Hardened,
    closest_head,
    evaluate_numpy,
    live_modules,
    priority,
    variables_numpy,
)
from pellucid.learners.transformer.programs.readout import SOFT_SCALE
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


@pytest.mark.parametrize("name", CONFIGS)
def test_numpy_and_jax_agree(name):
    config = CONFIGS[name]
    tokens = inputs(config, 300)
    for seed in range(3):
        hardened = hardened_of(config, seed)
        ours, theirs = evaluate_numpy(hardened, tokens), predict(hardened, tokens)
        assert ours.shape == theirs.shape
        assert (ours == theirs).all()


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
    cat, num = variables_numpy(hardened := harden(params, config), tokens)
    hard = sum(w[v] for w, v in zip(hardened.readout_cat, cat, strict=True)) + hardened.bias
    hard = hard + sum(v[..., None] * w for w, v in zip(hardened.readout_num, num, strict=True))
    real = tokens >= 0
    close = np.abs(soft.transpose(1, 2, 0) - hard / SOFT_SCALE).max(-1)[real] < 2e-2
    assert close.mean() > 0.98  # near-ties of two logits may fall either way in float32


def test_closest_match_rules():
    order = priority(5, causal=False)[None] * np.ones((1, 1, 5), int)
    key = np.array([[9, 1, 0, 1, 2]])
    position = np.arange(5)[None]
    equal = np.eye(10, dtype=bool)
    ask = lambda value, at: closest_head(np.full((1, 5), value), key, position, equal, order)[0, at]  # noqa: E731
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
    hardened = hardened_of(CONFIGS["tagging"])
    hardened.readout_cat[3:] = 0
    hardened.readout_num[:] = 0
    cat, _ = live_modules(hardened)
    assert 2 in cat
    assert len(cat) < len(hardened.readout_cat)
    assert (
        predict(hardened, inputs(CONFIGS["tagging"], 50)) == evaluate_numpy(hardened, inputs(CONFIGS["tagging"], 50))
    ).all()


def test_predict_of_nothing():
    config = CONFIGS["tagging"]
    assert predict(hardened_of(config), np.zeros((0, config.width), np.int32)).shape == (0, config.width)


@pytest.mark.parametrize("name", ["tagging", "causal", "many values", "nested"])
def test_modules_evaluate_like_the_program(name):
    config = CONFIGS[name]
    tokens = inputs(config, 60)
    hardened = hardened_of(config)
    n_cat, n_num, classes = len(hardened.readout_cat), len(hardened.readout_num), config.n_classes
    weights = [*hardened.readout_cat.astype(np.float32), *hardened.readout_num.astype(np.float32)]
    view = view_of(hardened, tokens, np.zeros_like(tokens), weights, hardened.bias.astype(np.float32))
    assert len(view.values) == n_cat + n_num
    assert view.scores.shape == (classes, config.width, 60)
    modules = to_modules(hardened)
    real = view.real
    for m in modules:
        assert (run_module(m, view.values, view) == view.values[m.out])[real].all()
    again = from_modules(hardened, modules)
    assert (evaluate_numpy(again, tokens) == evaluate_numpy(hardened, tokens)).all()


def test_propagating_a_change_equals_evaluating_anew():
    config = CONFIGS["tagging"]
    tokens = inputs(config, 80)
    rng = np.random.default_rng(3)
    hardened = hardened_of(config)
    weights = [*hardened.readout_cat.astype(np.float32), *hardened.readout_num.astype(np.float32)]
    bias = hardened.bias.astype(np.float32)
    view, modules = view_of(hardened, tokens, np.zeros_like(tokens), weights, bias), to_modules(hardened)
    for at, m in enumerate(modules):
        table = m.table.copy()
        table[rng.integers(len(table))] = table[rng.integers(len(table))]
        new = m.__class__(m.kind, m.layer, m.index, m.out, m.reads, table)
        changed = propagate(modules, set(range(len(weights))), view, at, new)
        scores = view.scores + sum(
            contribution(weights[v], a) - contribution(weights[v], view.values[v]) for v, a in changed.items()
        )
        replaced = [*modules[:at], new, *modules[at + 1 :]]
        fresh = view_of(from_modules(hardened, replaced), tokens, np.zeros_like(tokens), weights, bias)
        assert np.allclose(scores[:, view.real], fresh.scores[:, view.real], atol=1e-2)


@pytest.mark.parametrize("name", CONFIGS)
def test_checkpoint_round_trip(name, tmp_path):
    config = CONFIGS[name]
    params = init_params(np.random.default_rng(0), config, 1.0)
    hardened = harden(params, config)
    flat = checkpoint.flat_params(params)
    checkpoint.save(tmp_path / "model.safetensors", flat, hardened)
    same = checkpoint.config_from_json(checkpoint.config_to_json(config))
    assert same == config
    soft, again = checkpoint.load(tmp_path / "model.safetensors", same)
    assert soft.keys() == flat.keys()
    assert all((soft[k] == flat[k]).all() for k in flat)
    tokens = inputs(config, 50)
    assert (evaluate_numpy(again, tokens) == evaluate_numpy(hardened, tokens)).all()


def test_bad_checkpoints_are_named(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(PellucidError, match="no such file"):
        checkpoint.load(path, CONFIGS["tagging"])
    path.write_bytes(b"not a safetensors file at all")
    with pytest.raises(PellucidError, match=r"model\.safetensors: not a readable"):
        checkpoint.load(path, CONFIGS["tagging"])
    checkpoint.save(path, {}, hardened_of(CONFIGS["no modules"]))
    with pytest.raises(PellucidError, match=r"layers\.0"):
        checkpoint.load(path, CONFIGS["tagging"])
    with pytest.raises(PellucidError, match=r"unknown key.*'depth'"):
        checkpoint.config_from_json({"depth": 3})


def test_config_says_what_is_wrong():
    with pytest.raises(PellucidError, match="--set k=3: too small; 7"):
        ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, k=3)
    with pytest.raises(PellucidError, match="--set layers=-1: expected a number from 0"):
        ProgramsConfig(n_symbols=6, n_tokens=4, n_classes=3, width=7, layers=-1)
