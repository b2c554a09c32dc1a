"""The standard Transformer, the baseline of every comparison."""
