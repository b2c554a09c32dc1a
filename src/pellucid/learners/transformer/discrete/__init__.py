"""The Discrete Transformer (Zhang et al., 2026): annealed choices over named scalars, read off as a program."""
