"""The learning half: relaxed models, population training, hardening, refinement. Needs JAX."""
