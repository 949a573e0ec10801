"""The engine: documents to passages, passages to an index, a question to cited excerpts.

Start at `retrieval.library.Library`; it opens, syncs, asks and verifies. This package knows nothing of
terminals or chat, and importing it loads no heavy library.
"""
