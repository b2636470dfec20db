"""Every setting of MemicOS, once: read from the environment and from `.env`, documented in `.env.example`.

Nothing else reads `os.environ`. Both processes use this module; the engine gets plain arguments.
"""

from __future__ import annotations

import json
import re
import secrets
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


CONFIG_PREFIX = ".env.inference."
PUBLIC_BUCKET = "s3://neuronpedia-datasets?region=us-east-1"
"""Where the field publishes its dashboards; asked only when a person wants to see what is there."""


class SettingsFileError(ValueError):
    """A model's settings file that cannot be used; the sentence says why."""


LISTS = (
    "dataset_origins",
    "outbound_allow",
    "embed_origins",
    "rate_limits",
    "trusted_proxies",
    "inference_urls",
    "inference_models",
    "sae_sets",
    "include_sae",
    "exclude_sae",
    "chat_models",
)


class Settings(BaseSettings):
    """Settings by subject; every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", env_file_encoding="utf-8", extra="ignore")

    # Site
    host: str = Field("127.0.0.1", description="Address the site listens on; 0.0.0.0 for every interface.")
    port: int = Field(3000, ge=1, le=65535, description="Port of the site and of the API under /api.")
    public_url: str = Field("", description="Address people reach the site at, for share links; empty: as asked.")
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis that several web processes share what pages hold in; empty: one process, in its memory.",
    )
    shutdown_seconds: int = Field(
        20, ge=0, le=3600, description="How long streams and requests may go on when the site is told to stop."
    )
    data_dir: Path = Field(ROOT / ".memicos", description="Folder of the database, models, SAEs and logs.")
    web_dir: Path = Field(ROOT / ".web", description="Folder the frontend is built in.")
    access: Literal["auto", "single", "open", "closed", "demo"] = Field(
        "auto",
        description="Who may do what: single (one owner, no accounts), open (anyone reads, people who signed in "
        "write), closed (people who signed in only), demo (nobody writes); auto: single on loopback, else open.",
    )
    mcp: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether assistants are answered at /mcp by the Model Context Protocol; auto: in a site for one.",
    )
    sign_up: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="Whether who signs in by e-mail or elsewhere for the first time gets an account; auto: where "
        "ACCESS is open.",
    )
    session_days: int = Field(30, ge=1, le=400, description="Days after which people have to sign in again.")
    session_idle_days: int = Field(
        14, ge=1, le=400, description="Days without a visit after which people have to sign in again."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated addresses or networks of proxies before the site, whose X-Forwarded-* count.",
    )
    embed_origins: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated sites that may show pages with ?embed=true inside theirs, https://lab.example, "
        "say; *: all.",
    )
    rate_limits: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated changes to how much anybody may ask in an hour, steer=500, say (0: any number); "
        "off: no limits.",
    )
    metrics: bool = Field(False, description="Answer /metrics for Prometheus.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token that /metrics asks for; empty: only this machine is answered."
    )
    log_format: Literal["plain", "json"] = Field("plain", description="Lines of the log as words or as JSON.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Server that mails are handed to, smtp://user:password@host:587 or smtps://…; empty: none is "
        "sent, and links to sign in are written into the log.",
    )
    mail_from: str = Field("", description="Sender of mails, such as MemicOS <memicos@example.org>.")
    oidc_issuer: str = Field(
        "", description="A provider of OpenID Connect whose accounts sign in, https://id.example.org; empty: none."
    )
    oidc_title: str = Field("OpenID Connect", description="What it is called on the page for signing in.")
    oidc_client_id: str = Field("", description="What the provider calls this site.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="This site's secret with the provider.")
    google_client_id: str = Field("", description="The same for Google's accounts; empty: none.")
    google_client_secret: SecretStr = Field(SecretStr(""), description="This site's secret with Google.")
    github_client_id: str = Field("", description="The same for GitHub's accounts; empty: none.")
    github_client_secret: SecretStr = Field(SecretStr(""), description="This site's secret with GitHub.")
    github_url: str = Field(
        "", description="A GitHub Enterprise Server in place of github.com, https://github.lab.example, say."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")

    # Database
    database_url: SecretStr = Field(
        SecretStr(""), description="Any Postgres >= 14 with pgvector >= 0.8; empty: the embedded server."
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Connections the web process keeps.")

    # Datasets
    demo_import: bool = Field(True, description="Import the demo's middle layer on first start.")
    dataset_origins: Annotated[list[str], NoDecode] = Field(
        [str(ROOT / "demo" / "datasets"), PUBLIC_BUCKET],
        description="Comma-separated places that hold datasets in the public layout: folders, s3://, http(s)://.",
    )
    outbound_allow: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated hosts (or host:port) that may be asked though their address is private.",
    )

    upload_limit_mb: int = Field(
        1024, ge=1, le=65536, description="Largest batch file, in MiB, that a page or the API takes."
    )

    outbound_proxy: str = Field(
        "", description="Proxy that requests outside go through, such as http://proxy.lan:3128; empty: none."
    )

    # Inference worker
    inference_urls: Annotated[list[str], NoDecode] = Field(
        [], description="Comma-separated workers that run elsewhere; empty: one is started beside the site."
    )
    inference_models: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated NAMEs of .env.inference.NAME, more models that are started on demand.",
    )
    worker_memory_gb: float = Field(
        0, ge=0, description="Memory for workers beside the site; 0: four fifths of what is free at its start."
    )
    inference_host: str = Field("127.0.0.1", description="Address the worker listens on.")
    inference_port: int = Field(5002, ge=1, le=65535, description="Port the worker listens on.")
    inference_server_secret: SecretStr = Field(
        SecretStr(""), description="Sent as X-SECRET-KEY; empty: made anew for the worker the site starts."
    )
    model_id: str = Field(
        "smollm2-135m-it",
        description="smollm2-135m-it from its package, a local folder, or a TransformerLens name.",
    )
    override_model_id: str = Field(
        "", description="Model that is loaded in place of MODEL_ID, whose SAEs it is used with: gemma-2-2b-it, say."
    )
    custom_hf_model_id: str = Field(
        "", description="Weights that are loaded in place of both, by folder or hub name: those of a fine-tune."
    )
    served_model_id: str = Field(
        "", description="How requests call the model; empty: the last part of OVERRIDE_MODEL_ID or MODEL_ID."
    )
    sae_sets: Annotated[list[str], NoDecode] = Field(
        ["res-4k"],
        description="Comma-separated source sets, SAELens releases, or release:sae_id that the worker serves.",
    )
    sae_dir: Path = Field(ROOT / "demo" / "saes", description="Folder with {model}/{source}/ in SAELens format.")
    include_sae: Annotated[list[str], NoDecode] = Field(
        [],
        description="Comma-separated regular expressions, one of which a source id must match; empty: all.",
    )
    exclude_sae: Annotated[list[str], NoDecode] = Field(
        [], description="Comma-separated regular expressions of source ids that are not served."
    )
    sae_memory_gb: float = Field(
        0, ge=0, description="Memory for SAEs, the least recently used goes first; 0: half of what the model leaves."
    )
    sae_dtype: Literal["float32", "stored"] = Field(
        "float32", description="SAE weights in memory; stored: 16-bit ones stay so. The arithmetic is float32."
    )
    device: str = Field("cpu", description="cpu, cuda, cuda:1, mps, or auto.")
    model_dtype: Literal["float32", "bfloat16", "float16", "auto"] = Field(
        "float32", description="Precision of the model; auto: as its weights are stored."
    )
    token_limit: int = Field(1024, ge=1, description="Longest text, in tokens, that a request may hold.")
    max_completion_tokens: int = Field(256, ge=1, description="Most tokens one steering request generates.")
    worker_threads: int = Field(0, ge=0, description="Threads torch uses; 0: one less than the cores, at least 1.")
    inference_queue: int = Field(32, ge=1, description="Requests that may wait before the worker answers 503.")

    # Jobs
    jobs_local: bool = Field(
        True, description="Run jobs in a process beside the site; false: only in those of `memicos jobs work`."
    )
    embed_at_start: bool = Field(
        True,
        description="When the site starts, have a job embed explanations without a vector, and load the embedder.",
    )
    jobs_at_once: int = Field(2, ge=1, le=64, description="Jobs that a job process runs side by side.")
    jobs_keep_days: float = Field(90, gt=0, description="Days after which ended jobs and their logs are forgotten.")

    # Providers
    openai_api_key: SecretStr = Field(SecretStr(""), description="For explanations and embeddings by OpenAI.")
    openrouter_api_key: SecretStr = Field(SecretStr(""), description="For explanations and scores by OpenRouter.")
    anthropic_api_key: SecretStr = Field(SecretStr(""), description="For explanations and scores by Anthropic.")
    google_api_key: SecretStr = Field(SecretStr(""), description="For explanations and scores by Google (Gemini).")
    chat_base_url: str = Field(
        "", description="An OpenAI-compatible server of your own, such as http://127.0.0.1:8000/v1; empty: none."
    )
    chat_api_key: SecretStr = Field(SecretStr(""), description="Key of the server at CHAT_BASE_URL; empty: none.")
    chat_models: Annotated[list[str], NoDecode] = Field(
        [], description="Comma-separated models of the server at CHAT_BASE_URL; empty: those that it lists."
    )
    secrets_key: SecretStr = Field(
        SecretStr(""),
        description="Fernet keys that seal people's own keys, comma-separated; the first seals. Empty: one is made.",
    )
    embeddings_base_url: str = Field(
        "", description="OpenAI-compatible endpoint for embeddings, http://127.0.0.1:8080/v1, say; empty: OpenAI's."
    )
    embeddings_api_key: SecretStr = Field(SecretStr(""), description="Its key; empty: OPENAI_API_KEY for OpenAI's.")
    embeddings_model: str = Field(
        "text-embedding-3-large", min_length=1, description="Model that makes embeddings there."
    )
    embeddings_dimensions: int = Field(
        256, ge=1, le=4000, description="Dimensions of its vectors; 256 are those that public datasets bring along."
    )

    @field_validator(*LISTS, mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """A list is written with commas, or as JSON where its parts hold commas."""
        if not isinstance(value, str):
            return value
        if value.strip().startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for each in value:
            ip_network(each, strict=False)
        return value

    @field_validator("rate_limits")
    @classmethod
    def _limits(cls, value: list[str]) -> list[str]:
        for each in value:
            if each != "off" and not each.partition("=")[2].isdecimal():
                raise ValueError(f"{each!r} is neither off nor of the form steer=500")
        return value

    @field_validator("embed_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for each in value:
            if each != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.*\-]+(:\d+)?", each):
                raise ValueError(f"{each!r} is not a site's address such as https://lab.example")
        return value

    @field_validator("data_dir", "web_dir", "sae_dir")
    @classmethod
    def _anchor(cls, value: Path) -> Path:
        """Relative folders count from the repository, wherever the process was started."""
        return ROOT / value.expanduser()

    @property
    def weights_id(self) -> str:
        """The model whose weights are loaded."""
        return self.custom_hf_model_id or self.override_model_id or self.model_id

    @property
    def model_names(self) -> list[str]:
        """How requests may call the model; the first is its own."""
        ids = (self.served_model_id, self.override_model_id, self.model_id)
        return list(dict.fromkeys(Path(each).name for each in ids if each))

    @property
    def models_dir(self) -> Path:
        """Folder of converted models."""
        return self.data_dir / "models"

    @property
    def logs_dir(self) -> Path:
        """Folder of log files, one a process."""
        return self.data_dir / "logs"

    @property
    def exports_dir(self) -> Path:
        """Folder of exports that were asked for on a page, and of what unfinished ones have done."""
        return self.data_dir / "exports"

    @property
    def user_saes_dir(self) -> Path:
        """Folder of SAEs that a person added, `{model}/{source}/` in SAELens format."""
        return self.data_dir / "saes"

    @property
    def uploads_dir(self) -> Path:
        """Folder of files that are being uploaded, each for as long as it takes."""
        return self.data_dir / "uploads"

    @property
    def is_local(self) -> bool:
        """Whether only people at this machine reach the site: who opens it is its owner."""
        return is_near(self.host) and is_near(urlsplit(self.public_url).hostname or "localhost")


def is_near(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def config_file(name: str) -> Path:
    """The settings file of a model with its SAEs: `.env.inference.{name}` in the repository, or a path."""
    return Path(name).expanduser() if "/" in name else ROOT / f"{CONFIG_PREFIX}{name}"


def configured(name: str, **changes: object) -> Settings:
    """The settings with those of a model's file over them; `{model}` in its name is what requests call the model.

    Raises:
        SettingsFileError: there is no such file, or it names a setting that does not exist.
    """
    path = config_file(name)
    if not path.is_file():
        raise SettingsFileError(
            f"There is no settings file {path}. `make inference-list-configs` lists those there are."
        )
    values = {key.lower(): value for key, value in dotenv_values(path).items()}
    unknown = sorted(key.upper() for key in values.keys() - Settings.model_fields.keys())
    if unknown:
        raise SettingsFileError(f"{path.name} names settings that do not exist: {', '.join(unknown)}.")
    model = path.name.removeprefix(CONFIG_PREFIX).rpartition(".")[0]
    return Settings(**{"served_model_id": model, **values, **changes})  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once; tests call `get_settings.cache_clear()`."""
    return Settings()


def new_secret() -> str:
    """A secret for a worker that this process starts."""
    return secrets.token_urlsafe(32)
