"""The arrays that travel between the parts, by what they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
"""Of passages, as SQLite and FAISS have them."""

Floats = NDArray[np.float32]
"""Vectors, scores and what is measured."""

Doubles = NDArray[np.float64]
"""What is fitted, and the figures of a question set."""
