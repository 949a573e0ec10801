"""The engine: documents to passages, passages to an index, a question to cited excerpts.

Start at `retrieval.library.Library`; it opens, syncs, asks and verifies. This package knows nothing of
terminals or chat, and importing it loads no heavy library.
"""

import os
import sys

# onnxruntime reports its use to its maker unless this is set before it is loaded; child processes inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# OpenVINO reports each import, by way of Google, unless this module cannot be loaded.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
