"""The settings of the whole program: command line over `SEEDBOT_…` variables over a TOML file over defaults."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, NoDecode, PydanticBaseSettingsSource
from pydantic_settings import SettingsError as SourceError

from retrieval.errors import SettingsError
from retrieval.settings import EngineSettings, Section, with_home

DEFAULT_CONFIG = Path("config/seedbot.toml")
_TELEGRAM, _TELEGRAM_FILES = "https://api.telegram.org/bot", "https://api.telegram.org/file/bot"
_OTHER_VARIABLES = {"SEEDBOT_CONFIG", "SEEDBOT_DEBUG"}


def _ids(value: object) -> object:
    """`1, 2 3`, or a single number, as well as a list of numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    return value.replace(",", " ").split() if isinstance(value, str) else value


Ids = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_ids)]


class TelegramSettings(Section):
    """The Telegram bot. Its token comes from the environment variable TELEGRAM_BOT_TOKEN alone."""

    public: bool = False
    admins: Ids = ()
    users: Ids = ()
    groups: Ids = ()
    questions_per_minute: Annotated[int, Field(ge=1, le=1000)] = 20
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    log_questions: bool = False
    base_url: str = _TELEGRAM
    base_file_url: str = _TELEGRAM_FILES
    webhook: str = ""
    webhook_listen: str = "127.0.0.1"
    webhook_port: Annotated[int, Field(ge=1, le=65535)] = 8443
    webhook_secret: SecretStr = SecretStr("")
    health_port: Annotated[int, Field(ge=0, le=65535)] = 0

    @property
    def method_url(self) -> str:
        """The address that the token and a method are appended to, with or without `/bot` in the settings."""
        url = self.base_url.rstrip("/")
        return url if url.endswith("/bot") else f"{url}/bot"

    @property
    def file_url(self) -> str:
        """The same for files; that of `base_url` where only that was set."""
        url = self.base_file_url.rstrip("/")
        if self.base_url != _TELEGRAM and url == _TELEGRAM_FILES:
            url = f"{self.method_url.removesuffix('/bot')}/file/bot"
        return url if url.endswith("/bot") else f"{url}/file/bot"


class Settings(EngineSettings):
    """Everything that can be told to Seedbot."""

    telegram: TelegramSettings = TelegramSettings()


def load_settings(config: Path | None = None, **overrides: Path | None) -> Settings:
    """The settings from every source; `config` is `config/seedbot.toml` where present, unless named.

    Raises SettingsError, which names the file or variable and the key.
    """
    named = config or _named_by_environment()
    path = Path(with_home(named)) if named else DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
    table = {} if path is None else _read(path)
    given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
    try:
        return _with_table(table)(**given)
    except SourceError as error:
        raise _explain_variable(error) from error
    except ValidationError as error:
        raise _explain(error, path, table, given) from error


def load_compared(config: Path, first: Settings) -> Settings:
    """The settings of another file over the documents of `first`, in its library unless the file names its own.

    Raises SettingsError, also where a variable overrides what the file sets, so that nothing would be compared.
    """
    table = _read(Path(with_home(config)))
    own = table.get("library", str(first.library))
    library = Path(own) if own and isinstance(own, str) else None  # else the file is refused for it
    other = load_settings(config, seeds=first.seeds, library=library)
    for section in EngineSettings.model_fields:
        keys, found = table.get(section), getattr(other, section)
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            variable = _variable_for([section, key])
            if variable and getattr(found, key) != _as_read(found, key, value):
                raise SettingsError(f"{variable} overrides {section}.{key} of {config}: unset it to compare the two.")
    return other


def unknown_variables() -> list[str]:
    """`SEEDBOT_…` variables that no setting is named after."""
    known = {f"SEEDBOT_{name}".upper() for name in Settings.model_fields} | _OTHER_VARIABLES
    found = [name for name in os.environ if name.upper().startswith("SEEDBOT_")]
    return sorted(name for name in found if name.upper().split("__")[0] not in known)


def _as_read(section: Section, key: str, value: object) -> object:
    """A value of a file as the settings hold it; as it stands there where they would refuse it."""
    try:
        return getattr(type(section).model_validate({key: value}), key)
    except ValidationError:
        return value


def _named_by_environment() -> Path | None:
    value = os.environ.get("SEEDBOT_CONFIG")
    return Path(value) if value else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"The settings file {str(path)!r} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {str(path)!r} is not valid TOML: {error}.") from error


def _with_table(table: Mapping[str, Any]) -> type[Settings]:
    """Settings that look into `table` after the environment."""

    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings  # Seedbot reads neither
            return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=dict(table))

    return Sourced


def _explain(
    error: ValidationError, path: Path | None, table: Mapping[str, Any], given: Mapping[str, object]
) -> SettingsError:
    first = error.errors()[0]
    where = [part for part in first["loc"] if isinstance(part, str)]  # no places within a list
    variable = "SEEDBOT_" + "__".join(where).upper()
    if where[0] in given:
        source = f"--{where[0]}"
    elif _variable_for(where) or not _holds(table, where):
        source = variable
    else:
        source = f"{'.'.join(where)} in {path}"
    if first["type"] == "extra_forbidden":
        return SettingsError(f"There is no such setting: {source}; config/seedbot.toml lists them all.")
    value = "what it is set to" if where in (["telegram"], ["telegram", "webhook_secret"]) else repr(first["input"])
    return SettingsError(f"{source} cannot be {value}: {first['msg'][0].lower()}{first['msg'][1:]}.")


def _variable_for(where: list[str]) -> str:
    """The variable that sets a key, by itself or with its whole table; empty where none does."""
    given = {name.upper(): name for name in os.environ}
    names = ("SEEDBOT_" + "__".join(where).upper(), f"SEEDBOT_{where[0]}".upper())  # the first weighs more
    return next((given[name] for name in names if name in given), "")


def _explain_variable(error: SourceError) -> SettingsError:
    """For a variable that is named after a whole table, such as SEEDBOT_ANSWER, and holds no JSON object.

    What it holds is not shown: it may be the token of a bot.
    """
    name = next((one for one in Settings.model_fields if f'"{one}"' in str(error)), "")
    variable = f"SEEDBOT_{name}".upper()
    return SettingsError(
        f"{variable} cannot be what it is set to: it is a table, "
        f"whose keys are set one by one as {variable}__KEY; config/seedbot.toml lists them all."
    )


def _holds(table: Mapping[str, Any], where: list[str]) -> bool:
    value: Any = table
    for key in where:
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True
