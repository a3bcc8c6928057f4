"""Settings are read once, refuse what is unsafe, and say what to do."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from market.kernel.market import UNSAFE_SECRET
from market.server.settings import Settings, SettingsError, read_settings, settings_table

README = Path(__file__).parents[2] / "README.md"
SECRET = "a-secret-of-this-installation-alone-0123456789"


def production(**given: object) -> Settings:
    return read_settings(**{"environment": "production", "secret": SECRET, **given})


def test_nothing_need_be_set() -> None:
    settings = read_settings()

    assert settings.environment == "development"
    assert settings.database_url == "sqlite:///var/market.db"
    assert settings.introspection
    assert settings.graphiql
    assert settings.suggestions
    assert settings.metrics


def test_production_is_closed_unless_opened() -> None:
    settings = production()

    assert not settings.introspection
    assert not settings.graphiql
    assert not settings.suggestions
    assert not settings.metrics
    assert production(introspection=True).introspection


@pytest.mark.parametrize("secret", [UNSAFE_SECRET, "short", ""])
def test_production_refuses_a_weak_secret(secret: str) -> None:
    with pytest.raises(SettingsError, match=r"MARKET_SECRET: .* `openssl rand -base64 48`"):
        production(secret=secret)


@pytest.mark.parametrize("origin", ["*", "https://*.example.cn", "http://shop.example.cn"])
def test_production_refuses_origins_that_anybody_could_be(origin: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"MARKET_ALLOWED_ORIGINS: '{origin}' is not safe")):
        production(allowed_origins=("https://shop.example.cn", origin))


def test_production_refuses_graphiql() -> None:
    with pytest.raises(SettingsError, match="MARKET_GRAPHIQL: GraphiQL is for development"):
        production(graphiql=True)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        production(secret="short", graphiql=True)

    assert len(str(refused.value).splitlines()) == 2


def test_a_wrong_value_is_told_with_its_variable_and_nothing_else() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(environment="prod", port=70_000)

    told = str(refused.value).splitlines()
    assert told == [
        "MARKET_ENVIRONMENT: input should be 'development', 'production' or 'test'",
        "MARKET_PORT: input should be less than or equal to 65535",
    ]


@pytest.mark.parametrize("url", ["mysql://u@h/d", "sqlite://", "sqlite:///", "market.db"])
def test_a_database_must_be_one_of_the_two_engines(url: str) -> None:
    with pytest.raises(SettingsError, match="MARKET_DATABASE_URL: (use|SQLite needs|sQLite needs)"):
        read_settings(database_url=url)


def test_lists_are_comma_separated() -> None:
    settings = read_settings(allowed_origins="https://a.cn, https://b.cn,")

    assert settings.allowed_origins == ("https://a.cn", "https://b.cn")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read_settings().port = 1  # type: ignore[misc]  # what is tested


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(production())
    assert SECRET not in str(production())


@pytest.mark.parametrize(
    ("url", "worker", "expected"),
    [
        ("sqlite:///m.db", "auto", True),
        ("postgresql://h/d", "auto", False),
        ("postgresql://h/d", "on", True),
        ("sqlite:///m.db", "off", False),
    ],
)
def test_the_worker_is_in_the_server_where_one_process_is_the_whole_system(
    url: str, worker: str, expected: bool
) -> None:
    assert read_settings(database_url=url, worker=worker).works_in_server is expected


def test_the_readme_has_the_table_of_settings() -> None:
    text = README.read_text(encoding="utf-8")
    table = text.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]

    assert table.strip() == settings_table(), "run: market settings --markdown"


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
