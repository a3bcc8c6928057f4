"""Everything that can be set."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from market.kernel.market import UNSAFE_SECRET
from market.server.settings.checks import incomplete, unsafe

PREFIX = "MARKET_"


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


def _site(url: str) -> str:
    if not url.startswith(("https://", "http://")) or url.endswith("/") or "?" in url:
        raise ValueError("use an address without a path at its end: https://shop.example.cn")
    return url


def _account(text: str) -> str:
    if text and len([part for part in text.split("/") if part.strip()]) != 3:
        raise ValueError("write it as name/number/bank")
    return text


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
    sms_invitation_template_id: str = Field(
        "",
        description="The template that tells somebody of an invitation: its `{1}` is the organisation. None is sent "
        "without it: who signs in finds the invitation anyway.",
    )
    sms_paper_template_id: str = Field(
        "",
        description="The template that tells an organisation's owners of a certificate or licence that ends: its `{1}` "
        "is the organisation, its `{2}` the day. None is sent without it.",
    )
    sms_review_template_id: str = Field(
        default="",
        description="The template that tells sellers what reviewers decided: its `{1}` is the listing, its `{2}` the "
        "decision. None is sent without it.",
    )
    sms_statement_template_id: str = Field(
        "",
        description="The template that tells an organisation's owners and finance people of a statement to confirm: its "
        "`{1}` is the organisation, its `{2}` the statement's last day. None is sent without it.",
    )
    sms_webhook_template_id: str = Field(
        "",
        description="The template that tells owners of a webhook endpoint that was switched off: its `{1}` is the "
        "organisation. None is sent without it.",
    )
    wechat_app_id: str = Field("", description="The WeChat mini-program whose users may sign in; none when empty.")
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="Its app secret.")
    public_url: Annotated[str, AfterValidator(_site)] = Field(
        "http://localhost:8000",
        description="Where the world reaches this server: payment providers send their notices there.",
    )
    sandbox: bool = Field(
        default_factory=_outside_production,
        description="Whether orders can be paid in the sandbox, without money. Production refuses it.",
    )
    wechat_pay_mchid: str = Field("", description="The WeChat Pay merchant that is paid; none when empty.")
    wechat_pay_serial_no: str = Field("", description="The serial number of its API certificate.")
    wechat_pay_private_key: Path | None = Field(None, description="Its private key, a PEM file.")
    wechat_pay_api_key: SecretStr = Field(SecretStr(""), description="Its API v3 key, 32 characters.")
    wechat_pay_public_key_id: str = Field("", description="WeChat Pay's public key: `PUB_KEY_ID_…`.")
    wechat_pay_public_key: Path | None = Field(None, description="That key, a PEM file.")
    transfer_account: Annotated[str, AfterValidator(_account)] = Field(
        "", description="The account that bank transfers go to, as `name/number/bank`; none when empty."
    )
    kuaidi100_key: SecretStr = Field(
        SecretStr(""), description="The key of a 快递100 account, by which parcels are followed; none when empty."
    )
    kuaidi100_customer: str = Field("", description="Its customer number.")
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
        problems = [*incomplete(self), *(unsafe(self) if self.is_production else ())]
        if problems:
            raise ValueError("\n".join(problems))
        return self
