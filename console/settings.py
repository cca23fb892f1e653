"""Settings from the environment and `.env`; a wrong one is one clear sentence that names the variable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from console.errors import UsageError


class Settings(BaseSettings):
    """All settings of all roles; each role asks for what it cannot do without (`require`)."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr | None = None
    zapisnik_schema: str = Field("zapisnik", pattern=r"^[a-z_][a-z0-9_]{0,47}$")
    zapisnik_home: Path | None = None
    zapisnik_master_key: SecretStr | None = None
    zapisnik_erased_file: Path | None = None
    zapisnik_signing_key: Path | None = None
    zapisnik_checkpoint_every: int = Field(1000, ge=10, le=1_000_000)
    salon_file: Path = Path("salon.toml")
    salon_timezone: str | None = None
    catalog_source: Literal["file", "yclients"] = "file"

    bot_token: SecretStr | None = None
    telegram_api_url: str = Field("https://api.telegram.org", pattern=r"^https?://\S+$")

    admin_chat_id: int | None = None
    staff_language: Literal["ru", "en"] = "ru"

    console_password: SecretStr | None = None
    port: int = Field(8080, ge=0, le=65535)

    yclients_url: str = Field("https://api.yclients.ru", pattern=r"^https?://\S+$")
    yclients_partner_token: SecretStr | None = None
    yclients_user_token: SecretStr | None = None
    yclients_company_id: int | None = Field(None, gt=0)
    yclients_partner_id: str = ""
    yclients_hook_secret: SecretStr | None = None

    sync_request_seconds: float = Field(10.0, gt=0, le=120)
    sync_settle_seconds: float = Field(60.0, gt=0, le=600)
    sync_spacing_seconds: float = Field(0.31, gt=0, le=60)
    sync_poll_seconds: float = Field(60.0, ge=1, le=3600)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias=AliasChoices("LOG_LEVEL", "log_level")
    )

    @field_validator("salon_timezone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError("not an IANA time zone like Europe/Moscow") from error
        return value

    @field_validator("yclients_hook_secret")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,128}", value.get_secret_value()):
            raise ValueError("16 to 128 letters, digits, - and _, as `openssl rand -hex 16` makes them")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:  # a raw setting may be anything before validation
        return value.upper() if isinstance(value, str) else value

    def has_crm(self) -> bool:
        """Whether the CRM's three credentials are all given."""
        return None not in (self.yclients_partner_token, self.yclients_user_token, self.yclients_company_id)

    def missing_crm(self) -> list[str]:
        """The CRM settings that are not given, by their names."""
        named = {
            "YCLIENTS_PARTNER_TOKEN": self.yclients_partner_token,
            "YCLIENTS_USER_TOKEN": self.yclients_user_token,
            "YCLIENTS_COMPANY_ID": self.yclients_company_id,
        }
        return [name for name, value in named.items() if value is None]


def load_settings(**overrides: Any) -> Settings:  # values of any setting
    """The settings of this process. Raises UsageError naming each wrong variable; values are not repeated."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = "; ".join(
            f"{str(problem['loc'][0]).upper()}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise UsageError(f"wrong setting: {wrong}") from None


def require(value: SecretStr | None, variable: str, purpose: str) -> str:
    """The secret's text. Raises UsageError saying which variable is missing and what it is for."""
    if value is None or not value.get_secret_value().strip():
        raise UsageError(f"{variable} is not set: {purpose}")
    return value.get_secret_value().strip()
