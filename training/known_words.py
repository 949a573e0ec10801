"""Lists English words that are no misspelling: `python -m training.known_words` writes retrieval/known_words.txt.

They are those in small letters of the texts that were written for the training and of their questions, each in two of
them at least, that the default embedding model knows only in pieces; of others `retrieval.spelling` asks the model
itself.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from retrieval.embedding import open_embedder
from retrieval.settings import EmbeddingSettings
from retrieval.spelling import KNOWN_WORDS
from training.offered import FOLDERS, SIDES
from training.written import FOLDER, documents

_WORD = re.compile(r"(?<![\w'’-])[a-z]{4,}(?![\w'’-])")
_FEWEST = 2  # documents


def main() -> None:
    """Writes the list."""
    folders = [FOLDER, *(FOLDER.with_name(name) for name in (FOLDERS, SIDES))]
    texts = (
        "\n".join([*one.paragraphs, *(asked.question for asked in one.asked)])
        for folder in folders
        for one in documents(folder)
    )
    held = Counter(word for text in texts for word in set(_WORD.findall(text)))
    with TemporaryDirectory() as work:
        embedder = open_embedder(EmbeddingSettings(), Path(work))
        words = sorted(
            word for word, times in held.items() if times >= _FEWEST and len(embedder.token_offsets(word)) > 1
        )
    KNOWN_WORDS.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(words)} words")


if __name__ == "__main__":
    main()
