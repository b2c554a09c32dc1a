"""The learning half: relaxed models, population training, hardening, refinement. Needs JAX."""

import os

# One thread for XLA on the CPU, unless the user has chosen: sums are split by thread, so that with more the same seed
# would give another program on a machine with another number of cores. The models are too small to gain from more.
os.environ.setdefault("NPROC", "1")
