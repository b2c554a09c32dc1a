"""Transformer Programs over words of texts, trained by gradient descent (Friedman et al., 2023, section 5)."""
