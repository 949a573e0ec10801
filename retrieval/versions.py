"""With which versions of reading, cutting and analysing a library was made, beside those of this program.

A module of its own because every command compares them, also those that build nothing.
"""

from __future__ import annotations

from types import ModuleType

from retrieval import evidence, loaders, passages, terms
from retrieval.settings import EngineSettings
from retrieval.store import Store

_CUTTING = (passages, terms, evidence)
"""The modules whose versions stand in a `cutting_fingerprint`, in their order."""


def cutting_fingerprint(settings: EngineSettings) -> str:
    """Changes whenever the same documents would be cut or analysed otherwise."""
    return f"{'.'.join(_version(one) for one in _CUTTING)}-{settings.passages.tokens}"


def _versions_in(cutting: str) -> dict[ModuleType, str]:
    """The versions in a `cutting_fingerprint`, by module; none where it is of other modules than now."""
    found = cutting.rpartition("-")[0].split(".")
    return dict(zip(_CUTTING, found, strict=True)) if len(found) == len(_CUTTING) else {}


def _version(module: ModuleType) -> str:
    return str(module.VERSION)


def outdated(store: Store, settings: EngineSettings) -> bool:
    """Whether the documents were read or cut otherwise than they would be now, so that a build reads all of them."""
    made = (store.meta("cutting"), store.meta("loaders"))
    return bool(store.generation) and made != (cutting_fingerprint(settings), str(loaders.VERSION))


def goes_with(store: Store, model_fingerprint: str, *modules: ModuleType) -> bool:
    """Whether what is stored can stand beside what is made now: vectors of one model, and these `modules` in the
    versions of today.
    """
    made_by = _versions_in(store.meta("cutting"))
    same = all(made_by.get(one) == _version(one) for one in modules)
    return same and store.meta("model_fingerprint") == model_fingerprint
