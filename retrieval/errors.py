"""Every error a reader can meet. Each message is one sentence: what happened, to what, and what to do next.

SeedbotError
├── SettingsError        a setting is unknown, of the wrong type or out of range
├── DocumentError        one file cannot be used; a sync skips it and reports the reason
│   └── OutOfReach       it cannot be looked at now; a sync keeps what the library holds of it
├── SourceNotFound       a document, citation or position that the library does not hold
├── QuestionError        a question that cannot be asked (empty, a filter that matches nothing)
├── ModelError           the embedding model is missing, altered or unusable
├── LibraryError         the library folder cannot be used
│   ├── NoDocuments      no seeds folder, or nothing usable in it
│   ├── LibraryLocked    another process is building
│   └── LibraryDamaged   the SQLite file cannot be read
└── QuestionSetError     an evaluation file is malformed, too small, or does not fit the library
"""

_LONGEST = 600  # characters of a sentence that says what is wrong
_KEPT = 200  # of its beginning, which says what, and of its end, which says what to do


def shortened(sentence: str) -> str:
    """The sentence without its middle, where a value that it repeats makes it longer than anybody reads."""
    return sentence if len(sentence) <= _LONGEST else f"{sentence[:_KEPT]} … {sentence[-_KEPT:]}"


class SeedbotError(Exception):
    """Base of every error that is explained to the reader instead of traced."""


class SettingsError(SeedbotError):
    """A setting is unknown, of the wrong type or out of range."""


class DocumentError(SeedbotError):
    """One file cannot be used; the message names why, without the path."""


class OutOfReach(DocumentError):
    """The file cannot be looked at now, so that nothing is known of what it holds."""


class SourceNotFound(SeedbotError):
    """The library holds no such document or position."""


class QuestionError(SeedbotError):
    """The question or its filter cannot be asked."""


class ModelError(SeedbotError):
    """The embedding model is missing, altered or unusable."""


class LibraryError(SeedbotError):
    """The library folder cannot be used."""


class NoDocuments(LibraryError):
    """There is no seeds folder, or nothing usable in it."""


class LibraryLocked(LibraryError):
    """Another process is building this library."""


class LibraryDamaged(LibraryError):
    """The SQLite file of the library cannot be read."""


class QuestionSetError(SeedbotError):
    """A question set is malformed, too small for its use, or asks about documents the library does not hold."""
