"""The engine's settings: defaults here, then a TOML file, then `SEEDBOT_…` variables, then the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

Share = Annotated[float, Field(ge=0.0, le=1.0)]


def with_home(path: str | Path) -> str:
    """A path with `~` written out, as a shell does only where the path stands by itself."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path's own raises where it knows no such user


def _path(value: object) -> object:
    if value == "":
        raise PydanticCustomError("empty_path", "a name is needed")
    return with_home(value) if isinstance(value, str | Path) else value


Folder = Annotated[Path, BeforeValidator(_path)]


class Section(BaseModel):
    """A table of the settings file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddingSettings(Section):
    """Which model turns text into vectors, and how it runs.

    `precision` is that of passages: with auto, bfloat16 where the processor has it, else weights of 8 bits where it is
    quick at those, else single. With fp32 questions are encoded in single precision too, else with weights of 8 bits.
    """

    model: Annotated[str, BeforeValidator(_path)] = "all-MiniLM-L6-v2"
    query_prompt: str | None = None
    passage_prompt: str | None = None
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    precision: Literal["auto", "bf16", "int8", "fp32"] = "auto"


class PassageSettings(Section):
    """How documents are cut. `tokens` is the most tokens of the model that one passage may hold."""

    tokens: Annotated[int, Field(ge=16, le=8192)] = 180


class AnswerSettings(Section):
    """What an answer shows, and when it counts as found.

    `read` is how many of the best passages the reader reads, fewer where one of them leads by far, and half as many
    again where none does; with 0, ranking alone decides. `caution` says how sure an answer must be: `sure` and
    `balanced` for 95 and 90 right answers of 100 given, `eager` for 80, as fitted on the training sets (other texts
    differ: docs/answers.md), `always` to show something at any rate; `found_at`, where it is set, is a confidence that
    stands in for it.
    """

    excerpts: Annotated[int, Field(ge=1, le=50)] = 3
    excerpt_characters: Annotated[int, Field(ge=80, le=4000)] = 500
    read: Annotated[int, Field(ge=0, le=15)] = 4
    caution: Literal["sure", "balanced", "eager", "always"] = "eager"
    found_at: Share | None = None

    def found_from(self, caution: Mapping[str, float]) -> float:
        """The confidence from which an answer counts as found; `caution` says it for every name but `always`."""
        if self.found_at is not None:
            return self.found_at
        return 0.0 if self.caution == "always" else caution[self.caution]


class DocumentSettings(Section):
    """Which files are read. Larger files are skipped and reported."""

    largest_megabytes: Annotated[int, Field(ge=1, le=4096)] = 256


class EngineSettings(BaseSettings):
    """Everything the engine can be told."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="SEEDBOT_", env_nested_delimiter="__")

    seeds: Folder = Path("seeds")
    library: Folder = Path(".seedbot")
    embedding: EmbeddingSettings = EmbeddingSettings()
    passages: PassageSettings = PassageSettings()
    answer: AnswerSettings = AnswerSettings()
    documents: DocumentSettings = DocumentSettings()
