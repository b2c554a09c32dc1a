"""JAX's persistent compilation cache in the user's cache folder, so that a second run starts at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jax

ENVIRONMENT = "PELLUCID_CACHE"


def cache_dir() -> Path:
    """Folder for compiled computations: $PELLUCID_CACHE, or `pellucid` in the platform's cache folder."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "pellucid"


def enable_cache() -> None:
    """Switch the cache on, unless the user has set one up or the folder cannot be written."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
