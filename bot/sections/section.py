"""A part of the deployment file, and the kinds of values that stand in many of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from analysis.errors import BadConfig
from bot.cadence.schedule import Schedule

CRON_FIELDS = 5
GUID = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone; write one of the IANA names, like Europe/London")
    return name


def _currency(code: str) -> str:
    if not re.fullmatch("[A-Z]{3}", code):
        raise ValueError(f"{code!r} is no currency; write an ISO 4217 code in capitals, like USD")
    return code


def _cron(text: str) -> str:
    if len(text.split()) != CRON_FIELDS:
        raise ValueError(f"{text!r} is no cron line; five fields are expected: minute hour day month weekday")
    try:
        Schedule("", text, "help")
    except BadConfig as error:
        raise ValueError(str(error).removeprefix("schedule '': ")) from None
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if text and (not (here or parts.scheme == "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError(f"{text!r} is no public address; write it like https://pitcrew.example.com")
    return text.rstrip("/")


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 (pydantic reads ValueError)
    return Decimal(str(value))


TimeZone: TypeAlias = Annotated[str, AfterValidator(_time_zone)]
Currency: TypeAlias = Annotated[str, AfterValidator(_currency)]
PublicUrl: TypeAlias = Annotated[str, AfterValidator(_public_url)]
Cron: TypeAlias = Annotated[str, AfterValidator(_cron)]
Number: TypeAlias = Annotated[Decimal, BeforeValidator(_decimal)]
Amount: TypeAlias = Annotated[Number, Field(gt=0)]
Share: TypeAlias = Annotated[Number, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A part of the file: nothing unknown in it, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
