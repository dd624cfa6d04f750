"""``/finops prefer``, and the form on Home: how one person likes it, their time zone, their figures, their teams."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

from analysis.errors import BadAsk, UnknownName
from analysis.money import Money
from commands.core.answer import Answer, Facts, Field, Form, Part
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.ports import Preference
from commands.core.registry import Group, command
from commands.core.scope import resolve

AUTO = "auto"
LOCALES = ("en_US", "en_GB", "de_DE", "de_CH", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "ja_JP")
EXAMPLE = Money.of("12345", "USD")


@command(
    "prefer",
    needs=Permission.ACT,
    group=Group.CREW,
    examples=("prefer", "prefer timezone=Europe/Berlin locale=de_DE", "prefer team=search,data"),
)
def prefer(context: Context, *, timezone: str = "", locale: str = "", team: str = "") -> Answer:
    """Set how Pitcrew writes to you alone: your time zone, how figures are written, and which teams are yours.

    What you do not name stays as it is; auto leaves it to your chat client again, and team=none names no team.
    Sentences are English, and so is a date in one: 12 Nov reads the same way everywhere. Charts have dates of your own.
    """
    liked = context.preferences.of(context.caller.id)
    wanted = replace(
        liked,
        timezone=_zone(timezone) if timezone else liked.timezone,
        locale=_locale(locale) if locale else liked.locale,
        teams=_teams(context, team) if team else liked.teams,
    )
    if wanted != liked:
        context.preferences.prefer(context.caller, wanted, context.now)
    return Answer(
        "As you like it",
        said_preferences(context, wanted),
        private=True,
        replaces=True,
        data={"timezone": wanted.timezone, "locale": wanted.locale, "teams": list(wanted.teams)},
    )


def said_preferences(context: Context, liked: Preference) -> tuple[Part, ...]:
    """What stands, and the form that changes it."""
    zone = liked.timezone or liked.told_timezone or context.report.timezone
    style = liked.locale or liked.told_locale or context.report.locale
    local = context.now.astimezone(ZoneInfo(zone))
    facts = Facts(
        (
            ("Time zone", f"{zone}, where it is {local:%H:%M}{'' if liked.timezone else ' (from your chat client)'}"),
            ("Figures", f"{EXAMPLE.said(style)} ({style})"),
            ("Your teams", ", ".join(liked.teams) or "none named yet"),
        )
    )
    return facts, _form(liked, zone, style)


def _form(liked: Preference, zone: str, style: str) -> Form:
    locales = LOCALES if style in LOCALES else (style, *LOCALES)
    return Form(
        "Change …",
        "How you like it",
        "prefer",
        (
            Field("timezone", "Time zone, like Europe/Berlin", value=zone),
            Field("locale", "How figures are written", options=(AUTO, *locales), value=liked.locale or AUTO),
            Field("team", "Your teams, with commas", value=",".join(liked.teams), optional=True),
        ),
    )


@cache
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name.lower() == AUTO:
        return ""
    found = next((zone for zone in _zones() if zone.lower() == name.lower()), None)
    if found is None:
        raise UnknownName("time zone", name, known=sorted(_zones()))
    return found


def _locale(name: str) -> str:
    from babel import Locale, UnknownLocaleError

    if name.lower() == AUTO:
        return ""
    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        raise BadAsk(f"locale={name!r} is no locale; write a language and a country, like de_DE or en_GB") from None


def _teams(context: Context, words: str) -> tuple[str, ...]:
    """The teams as the bill writes them.

    Raises:
        UnknownName: nothing is billed under that team.
    """
    if words.lower() == "none":
        return ()
    resolved = resolve(context.costs, {"team": words})
    return tuple(str(name) for names in resolved.values() for name in names if name)
