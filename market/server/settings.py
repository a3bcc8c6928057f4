"""Settings: read once from the environment into a frozen object, and passed on from there.

Nothing else reads the environment. A wrong setting stops the start, and says which variable, what is wrong with it
and what to do.
"""

import difflib
import os
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from market.kernel.market import UNSAFE_SECRET

PREFIX = "MARKET_"
_SECRET_LENGTH_MIN = 32
_TYPO_LIKENESS = 0.85


class SettingsError(ValueError):
    """The environment cannot be started with; its text has one line for each thing to put right."""


def _listed(value: object) -> object:
    """A comma-separated text as its parts."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _database(url: str) -> str:
    backend = url.partition(":")[0].partition("+")[0]
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError("use sqlite:///path/to/file.db or postgresql://user:password@host/database")
    if backend == "sqlite" and not url.removeprefix("sqlite://").strip("/"):
        raise ValueError("SQLite needs a file: sqlite:///var/market.db")
    return url


def _folder_url(url: str) -> str:
    if not url.startswith(("/", "https://", "http://")) or not url.endswith("/"):
        raise ValueError("use a path or an address that ends in a slash: /media/ or https://cdn.example.cn/media/")
    return url


def _store_url(url: str) -> str:
    if url and not re.fullmatch(r"file:///.*[^/].*|s3://[^/]+(/.*)?|memory:///", url):
        raise ValueError(
            "use file:///var/lib/market/media or s3://bucket/prefix, or leave it out for MARKET_MEDIA_PATH"
        )
    return url


def _outside_production(values: dict[str, Any]) -> bool:
    return values.get("environment") != "production"


Sms = Literal["console", "tencent", "off"]


def _sms(values: dict[str, Any]) -> Sms:
    return "off" if values.get("environment") == "production" else "console"


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Everything that can be set, each as `MARKET_…` in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    environment: Literal["development", "production", "test"] = Field(
        "development", description="Where this runs. `production` refuses unsafe settings and seeds no demo data."
    )
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        "sqlite:///var/market.db",
        description="`sqlite:///file` (everything in one file, one machine) or `postgresql://user:password@host/name`.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on; `0.0.0.0` for all of the machine's.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Server processes, about one for each core. On SQLite several are allowed: they speed up reads, "
        "while writes still take turns.",
    )
    secret: SecretStr = Field(
        SecretStr(UNSAFE_SECRET),
        description="Signs what clients must not forge and seals personal data at rest. Production needs its own, of at "
        "least 32 characters; keep it as safe as the database, for without it sealed data is lost.",
    )
    allowed_origins: Names = Field(
        (),
        description="Web origins whose pages may call the API, comma-separated: `https://shop.example.cn`. "
        "`*` allows all, outside production.",
    )
    trusted_proxies: Names = Field(
        ("127.0.0.1",),
        description="Addresses or networks of reverse proxies whose `X-Forwarded-For` and `-Proto` are believed, "
        "comma-separated.",
    )
    introspection: bool = Field(
        default_factory=_outside_production, description="Whether clients may ask for the schema."
    )
    graphiql: bool = Field(
        default_factory=_outside_production,
        description="Whether browsers get GraphiQL at `/graphiql`. Production refuses it.",
    )
    suggestions: bool = Field(
        default_factory=_outside_production, description="Whether errors propose names (“Did you mean …”)."
    )
    cost_max: int = Field(1_000, ge=1, description="Points that one operation may cost at most.")
    cache_entries: int = Field(2_000, ge=0, description="Answers kept in memory in each process; 0 turns this off.")
    cache_bytes: int = Field(64 * 1024 * 1024, ge=0, description="Bytes that those may take up together.")
    media_path: Path = Field(
        Path("var/media"), description="The folder where pictures are kept, unless `MARKET_MEDIA_STORE` says otherwise."
    )
    media_store: Annotated[str, AfterValidator(_store_url)] = Field(
        "",
        description="Where pictures are kept, as a URL: `file:///folder`, or `s3://bucket/prefix` of any S3-compatible "
        "store, with `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` beside it.",
    )
    media_url: Annotated[str, AfterValidator(_folder_url)] = Field(
        "/media/",
        description="Where clients find public pictures: a path of this server, or the address of another one that serves "
        "the store's `public/` part and nothing else of it.",
    )
    sms: Sms = Field(
        default_factory=_sms,
        description="How sign-in codes reach phones: `tencent` by Tencent Cloud SMS, `console` writes them to this server's "
        "log (production refuses it), `off` lets nobody sign in by phone.",
    )
    sms_secret_id: str = Field("", description="Of the Tencent Cloud account that sends: `SecretId`.")
    sms_secret_key: SecretStr = Field(SecretStr(""), description="Its `SecretKey`.")
    sms_app_id: str = Field("", description="Its SMS application: `SmsSdkAppId`.")
    sms_sign_name: str = Field("", description="The approved signature of messages.")
    sms_template_id: str = Field(
        "", description="The approved template of messages: its `{1}` is the code, its `{2}` the minutes it lives."
    )
    wechat_app_id: str = Field("", description="The WeChat mini-program whose users may sign in; none when empty.")
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="Its app secret.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important lines to write. Operations are logged at `info`."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto` writes colours on a terminal outside production, JSON everywhere else."
    )
    metrics: bool = Field(
        default_factory=_outside_production,
        description="Whether `/metrics` tells Prometheus. It has no sign-in: let a proxy hide it from the public.",
    )
    worker: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether the server does the worker's duties itself. `auto`: on SQLite yes, on PostgreSQL run "
        "`market worker`.",
    )
    shutdown_seconds: int = Field(
        10, ge=0, le=300, description="How long running operations may take to finish after SIGTERM."
    )
    connections_max: int = Field(
        1_000, ge=1, description="Connections and running requests in each process; more are answered with 503."
    )

    @property
    def is_production(self) -> bool:
        """Whether people depend on this instance."""
        return self.environment == "production"

    @property
    def media_store_url(self) -> str:
        """Where pictures are kept, as a URL in any case."""
        return self.media_store or self.media_path.absolute().as_uri()

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file of this machine, so that one process can be the whole system."""
        return self.database_url.startswith("sqlite")

    @property
    def works_in_server(self) -> bool:
        """Whether the server does the worker's duties."""
        return self.worker == "on" or (self.worker == "auto" and self.is_embedded)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        problems = [*_incomplete(self), *(_unsafe(self) if self.is_production else ())]
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _incomplete(settings: Settings) -> typing.Iterator[str]:
    """What is set by halves."""
    needed = ("sms_secret_id", "sms_secret_key", "sms_app_id", "sms_sign_name", "sms_template_id")
    for name in needed if settings.sms == "tencent" else ():
        if not getattr(settings, name):
            yield f"{PREFIX}{name.upper()}: MARKET_SMS=tencent needs it"
    if bool(settings.wechat_app_id) != bool(settings.wechat_app_secret):
        yield "MARKET_WECHAT_APP_SECRET: set it together with MARKET_WECHAT_APP_ID, or neither"


def _unsafe(settings: Settings) -> typing.Iterator[str]:
    """What production must not be started with, and what to do instead."""
    secret = settings.secret.get_secret_value()
    if secret == UNSAFE_SECRET or len(secret) < _SECRET_LENGTH_MIN:
        yield "MARKET_SECRET: production needs a secret of its own; make one with `openssl rand -base64 48`"
    if settings.graphiql:
        yield "MARKET_GRAPHIQL: GraphiQL is for development; remove it or set it to false"
    if settings.sms == "console":
        yield "MARKET_SMS: the console shows sign-in codes to whoever reads the log; set it to tencent or off"
    if settings.media_store.startswith("memory:"):
        yield "MARKET_MEDIA_STORE: memory:/// is gone with the process; use a folder or a bucket"
    for origin in settings.allowed_origins:
        if not origin.startswith("https://") or "*" in origin:
            yield f"MARKET_ALLOWED_ORIGINS: {origin!r} is not safe; name each site as https://shop.example.cn"


def read_settings(**given: object) -> Settings:
    """The settings of the environment, those given here first. Refuses with SettingsError."""
    problems = [*_misspelled(os.environ)]
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        problems += [_told(**detail) for detail in error.errors() if detail["type"] != "default_factory_not_called"]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _misspelled(environ: Mapping[str, str]) -> typing.Iterator[str]:
    """Variables that look like a setting and are none. Only near misses: a container platform sets others of its own."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=_TYPO_LIKENESS)
            if near:
                yield f"{name}: there is no such setting; did you mean {near[0]}?"


def _told(*, loc: tuple[int | str, ...], msg: str, type: str, **_rest: object) -> str:  # noqa: A002 - pydantic's name
    text = msg.removeprefix("Value error, ")
    if not loc:
        return text
    variable = PREFIX + str(loc[0]).upper()
    if type == "extra_forbidden":
        return f"{variable}: there is no such setting"
    return f"{variable}: {text[0].lower()}{text[1:]}"


def settings_table() -> str:
    """All settings as a Markdown table: what the README shows."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_kind(field.annotation)} | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Variable | Value | Default | Meaning |", "|---|---|---|---|", *rows])


def _kind(annotation: object) -> str:
    if typing.get_origin(annotation) is Literal:
        return ", ".join(f"`{each}`" for each in typing.get_args(annotation))
    if isinstance(annotation, types.GenericAlias):
        return "list"
    kinds: dict[object, str] = {bool: "`true`, `false`", int: "number", Path: "folder", SecretStr: "text"}
    return kinds.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        made: typing.Callable[[dict[str, Any]], Any] = field.default_factory  # type: ignore[assignment]  # ours take it
        here, there = (made({"environment": each}) for each in ("development", "production"))
        return "on, in production off" if here is True else f"`{here}`, in production `{there}`"
    value = field.default
    if isinstance(value, SecretStr):
        return "one for development" if value else "none"
    if value in ((), ""):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{value}`"
