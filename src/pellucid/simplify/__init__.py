"""Exact passes over programs, closed forms, and readable names."""

from pellucid.simplify.simplify import simplify as simplify
