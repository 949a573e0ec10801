"""With which versions of reading, cutting and analysing a library was made, beside those of this program.

A module of its own because every command compares them, also those that build nothing.
"""

from __future__ import annotations

from retrieval import evidence, loaders, passages, terms
from retrieval.settings import EngineSettings
from retrieval.store import Store


def cutting_fingerprint(settings: EngineSettings) -> str:
    """Changes whenever the same documents would be cut or analysed otherwise."""
    return f"{passages.VERSION}.{terms.VERSION}.{evidence.VERSION}-{settings.passages.tokens}"


def outdated(store: Store, settings: EngineSettings) -> bool:
    """Whether the documents were read or cut otherwise than they would be now, so that a build reads all of them."""
    made = (store.meta("cutting"), store.meta("loaders"))
    return bool(store.generation) and made != (cutting_fingerprint(settings), str(loaders.VERSION))


def goes_with(store: Store, model_fingerprint: str, *versions: int) -> bool:
    """Whether what is stored can stand beside what is made now: vectors of one model, and the last of the `versions` in
    `cutting_fingerprint`.
    """
    made_by = store.meta("cutting").rpartition("-")[0].split(".")[-len(versions) :]
    return (store.meta("model_fingerprint"), made_by) == (model_fingerprint, [str(one) for one in versions])
