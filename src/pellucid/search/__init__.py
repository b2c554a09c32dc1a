"""The search learner: hard programs over the pieces of the IR, scored by closed-form readouts (NumPy, no JAX).

A program here is a short list of genes (`genes.py`): attention heads with structured predicates, masks and aggregates,
and element-wise units. `columns.py` computes them on a batch, `readouts.py` fits the output in closed form and prices
it by its description length, `engine.py` searches, `seek.py` is the search of one seed, `pool.py` runs many,
`fitting.py` fills the tables in from all data, and `decode.py` turns the winner into a `Program`.
"""
