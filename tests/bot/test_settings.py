"""Where a setting comes from, and what is said when it is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.settings import Settings, load_compared, load_settings, unknown_variables
from retrieval.errors import SettingsError
from tests.conftest import REPOSITORY


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


def test_the_shipped_file_names_every_setting_with_its_default() -> None:
    text = (REPOSITORY / "config" / "seedbot.toml").read_text("utf-8")
    commented_out = text
    for name in ("query_prompt", "passage_prompt", "found_at"):
        commented_out = commented_out.replace(f"# {name}", name)
    table = tomllib.loads(commented_out)
    defaults = Settings.model_construct().model_dump(mode="json")
    assert table["embedding"].pop("query_prompt") == table["embedding"].pop("passage_prompt") == ""
    assert defaults["embedding"].pop("query_prompt") is defaults["embedding"].pop("passage_prompt") is None
    assert (table["answer"].pop("found_at"), defaults["answer"].pop("found_at")) == (0.5, None)
    assert table == defaults


def test_no_secret_is_repeated(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[telegram]\nwebhook_secret = 8642\n")
    with pytest.raises(SettingsError, match=r"telegram\.webhook_secret in .* cannot be what it is set to") as wrong:
        load_settings(config)
    assert "8642" not in str(wrong.value)
    for value in ("123456:secret", '["123456:secret"]'):
        monkeypatch.setenv("SEEDBOT_TELEGRAM", value)
        with pytest.raises(SettingsError, match="SEEDBOT_TELEGRAM cannot be what it is set to") as wrong:
            load_settings()
        assert "secret" not in str(wrong.value)


def test_the_command_line_beats_the_environment_beats_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('seeds = "from-file"\nlibrary = "from-file"\n[answer]\nexcerpts = 7\nexcerpt_characters = 300\n')
    monkeypatch.setenv("SEEDBOT_LIBRARY", "from-environment")
    monkeypatch.setenv("SEEDBOT_ANSWER__EXCERPTS", "9")
    found = load_settings(config, seeds=Path("from-command-line"))
    assert (found.seeds, found.library) == (Path("from-command-line"), Path("from-environment"))
    assert (found.answer.excerpts, found.answer.excerpt_characters) == (9, 300)
    assert found.answer.found_at == Settings.model_construct().answer.found_at


def test_the_environment_can_name_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[answer]\nexcerpts = 7\n")
    monkeypatch.setenv("SEEDBOT_CONFIG", str(config))
    assert load_settings().answer.excerpts == 7


def test_the_usual_file_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().answer.excerpts == 3
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "seedbot.toml").write_text("[answer]\nexcerpts = 4\n")
    assert load_settings().answer.excerpts == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[anwser]\nexcerpts = 3\n", "There is no such setting: anwser in {path}"),
        ("[answer]\nexcerpt = 3\n", "There is no such setting: answer.excerpt in {path}"),
        (
            "[answer]\nexcerpts = 0\n",
            "answer.excerpts in {path} cannot be 0: input should be greater than or equal to 1",
        ),
        ('[answer]\nfound_at = "often"\n', "answer.found_at in {path} cannot be 'often'"),
        ("[answer\n", "The settings file '{path}' is not valid TOML"),
        ('[telegram]\nadmins = ["@ann"]\n', "telegram.admins in {path} cannot be '@ann'"),
        ('seeds = ""\n', "seeds in {path} cannot be '': a name is needed"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    assert str(caught.value).startswith(message.format(path=config))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"'nowhere.toml' cannot be read: No such file"):
        load_settings(Path("nowhere.toml"))


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBOT_ANSWER__EXCERPTS", "many")
    with pytest.raises(SettingsError, match=r"^SEEDBOT_ANSWER__EXCERPTS cannot be 'many'"):
        load_settings()
    monkeypatch.delenv("SEEDBOT_ANSWER__EXCERPTS")
    monkeypatch.setenv("SEEDBOT_ANSWER__EXCERTPS", "3")
    with pytest.raises(SettingsError, match="There is no such setting: SEEDBOT_ANSWER__EXCERTPS"):
        load_settings()


@pytest.mark.parametrize(
    ("variables", "methods", "files"),
    [
        ({}, "https://api.telegram.org/bot", "https://api.telegram.org/file/bot"),
        ({"BASE_URL": "http://127.0.0.1:81/bot"}, "http://127.0.0.1:81/bot", "http://127.0.0.1:81/file/bot"),
        ({"BASE_URL": "http://127.0.0.1:81/"}, "http://127.0.0.1:81/bot", "http://127.0.0.1:81/file/bot"),
        (
            {"BASE_URL": "http://127.0.0.1:81", "BASE_FILE_URL": "http://files:82"},
            "http://127.0.0.1:81/bot",
            "http://files:82/file/bot",
        ),
    ],
)
def test_the_address_of_a_bot_api_server_may_be_given_with_or_without_its_path(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], methods: str, files: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"SEEDBOT_TELEGRAM__{name}", value)
    found = load_settings().telegram
    assert (found.method_url, found.file_url) == (methods, files)


def test_ids_are_lists_in_a_file_and_separated_by_commas_in_a_variable(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[telegram]\nadmins = [1, -100]\n")
    monkeypatch.setenv("SEEDBOT_TELEGRAM__USERS", "5, 6 7")
    monkeypatch.setenv("SEEDBOT_TELEGRAM__GROUPS", "-1001")
    found = load_settings(config).telegram
    assert (found.admins, found.users, found.groups) == ((1, -100), (5, 6, 7), (-1001,))
    monkeypatch.setenv("SEEDBOT_TELEGRAM__USERS", "me")
    with pytest.raises(SettingsError, match=r"^SEEDBOT_TELEGRAM__USERS cannot be 'me'"):
        load_settings(config)
    config.write_text("[telegram]\nadmins = 1\n")
    monkeypatch.delenv("SEEDBOT_TELEGRAM__USERS")
    assert load_settings(config).telegram.admins == (1,)


def test_a_file_may_begin_with_a_byte_order_mark(config: Path) -> None:
    config.write_text("[answer]\nexcerpts = 4\n", "utf-8-sig")
    assert load_settings(config).answer.excerpts == 4


def test_the_home_folder_is_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.toml").write_text('library = "~/books"\n[embedding]\nmodel = "~/model"\n')
    monkeypatch.setenv("SEEDBOT_CONFIG", "~/own.toml")
    monkeypatch.setenv("SEEDBOT_SEEDS", "~/notes")
    found = load_settings()
    assert (found.seeds, found.library) == (tmp_path / "notes", tmp_path / "books")
    assert found.embedding.model == str(tmp_path / "model")
    assert load_settings(seeds=Path("~/others")).seeds == tmp_path / "others"
    with pytest.raises(SettingsError, match=r"'~nobody-here/own.toml' cannot be read: No such file"):
        load_settings(Path("~nobody-here/own.toml"))


def test_a_compared_file_is_named_as_the_first_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    other, first = tmp_path / "other.toml", Settings(library=tmp_path / "first")
    other.write_text('library = "~/books"\n')
    assert load_compared(Path("~/other.toml"), first).library == tmp_path / "books"
    other.write_text("[answer]\nexcerpts = 4\n")
    assert load_compared(Path("~/other.toml"), first).library == tmp_path / "first"
    other.write_text('library = ""\n')
    with pytest.raises(SettingsError, match=rf"^library in {other} cannot be '': a name is needed"):
        load_compared(Path("~/other.toml"), first)


def test_a_variable_without_a_setting_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBOT_SEED", "x")
    monkeypatch.setenv("SEEDBOT_ANSWER__EXCERPTS", "3")
    assert unknown_variables() == ["SEEDBOT_SEED"]


def test_a_variable_that_overrides_what_a_compared_file_sets_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[answer]\nread = 4\ncaution = "sure"\n[telegram]\nworkers = 3\n')
    monkeypatch.setenv("SEEDBOT_TELEGRAM__WORKERS", "1")
    monkeypatch.setenv("SEEDBOT_ANSWER__READ", "4")
    monkeypatch.setenv("SEEDBOT_ANSWER__EXCERPTS", "2")
    compared = load_compared(config, load_settings()).answer
    assert (compared.read, compared.caution, compared.excerpts) == (4, "sure", 2)
    monkeypatch.setenv("SEEDBOT_ANSWER__READ", "0")
    with pytest.raises(SettingsError, match=r"SEEDBOT_ANSWER__READ overrides answer\.read of .*own\.toml: unset it"):
        load_compared(config, load_settings())
    monkeypatch.delenv("SEEDBOT_ANSWER__READ")
    monkeypatch.setenv("SEEDBOT_ANSWER", '{"caution": "eager"}')
    with pytest.raises(SettingsError, match=r"SEEDBOT_ANSWER overrides answer\.caution of "):
        load_compared(config, load_settings())
    monkeypatch.setenv("SEEDBOT_ANSWER", '{"caution": "sure"}')
    monkeypatch.setenv("SEEDBOT_ANSWER__READ", "0")  # the one that is later in the environment, and weighs more
    with pytest.raises(SettingsError, match=r"SEEDBOT_ANSWER__READ overrides answer\.read of "):
        load_compared(config, load_settings())


def test_a_variable_that_says_what_a_compared_file_says_in_other_words_overrides_nothing(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[embedding]\nmodel = "~/m"\n[answer]\nfound_at = "0.5"\n')
    monkeypatch.setenv("SEEDBOT_EMBEDDING__MODEL", "~/m")
    monkeypatch.setenv("SEEDBOT_ANSWER__FOUND_AT", "0.50")
    assert load_compared(config, load_settings()).answer.found_at == 0.5
    config.write_text('[answer]\nfound_at = "half"\n')
    with pytest.raises(SettingsError, match=r"SEEDBOT_ANSWER__FOUND_AT overrides answer\.found_at of "):
        load_compared(config, load_settings())
