"""`--model standard`: an ordinary Transformer, for its accuracy alone."""

from __future__ import annotations
