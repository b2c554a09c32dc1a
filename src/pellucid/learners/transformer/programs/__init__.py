"""Transformer Programs over symbols (Friedman et al., 2023)."""
