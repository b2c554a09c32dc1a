"""Attention in both directions, units and closed-form readouts, searched as hard programs (no gradient)."""
