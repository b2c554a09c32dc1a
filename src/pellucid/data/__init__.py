"""Data sets, schemas, splits, file readers and the built-in tasks (NumPy and the standard library only)."""
