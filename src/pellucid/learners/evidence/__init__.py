"""Votes: integer evidence for what stands where, weighed by convex fits, gathered into kinds."""
