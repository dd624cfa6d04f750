"""``/finops subscribe``: hear a digest regularly, or alerts as they come, here or in your direct messages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from hashlib import sha256
from zoneinfo import ZoneInfo, available_timezones

from analysis.errors import BadAsk, NotAllowed, UnknownName
from commands.core.answer import Answer, Button, Buttons, Facts, Note, Part, Text, Tone
from commands.core.caller import Here, Permission
from commands.core.context import Context
from commands.core.ports import Subscription
from commands.core.quiet_hours import QuietHours
from commands.core.registry import Group, command, quoted
from commands.core.rhythms import Rhythm
from commands.core.scope import resolve
from commands.digest import wanted

ALERTS = "alerts"
ALERT_SCOPE = ("team", "account", "service", "kind")
AT = re.compile(r"(\d{1,2}):(\d\d)")
NINE = time(9, 0)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@command(
    "subscribe",
    needs=Permission.ACT,
    group=Group.CREW,
    examples=(
        "subscribe daily 09:00 team=search",
        "subscribe weekly finance on=tue",
        "subscribe alerts team=search to=me",
        "subscribe weekdays 08:30 quiet=20:00-07:00",
    ),
)
def subscribe(
    context: Context, *what: str, on: str = "", to: str = "here", timezone: str = "", quiet: str = "", **scope: str
) -> Answer:
    """Hear a digest daily, on weekdays, weekly or monthly, at a time (09:00); or alerts as they come.

    It comes where you say so, or with `to=me` in your direct messages; on your clock. `on=` is the weekday of a weekly
    one or the day of a monthly one; `quiet=` are its own quiet hours. Saying it again changes it.
    """
    here = _place(context.here, to)
    zone = _zone(timezone or context.caller.timezone or context.report.timezone)
    QuietHours.read(quiet, zone)
    words = [word for word in what if not AT.fullmatch(word)]
    times = [word for word in what if AT.fullmatch(word)]
    if not words or len(times) > 1:
        raise BadAsk("say what and when: subscribe daily 09:00 team=search, or subscribe alerts team=search")
    if words[0].lower() == ALERTS:
        rhythm, ask, cron = ALERTS, _alerts(words, scope), ""
    else:
        which = wanted(words, scope)
        resolve(context.costs, scope)
        rhythm, ask = str(which.rhythm), which.ask
        cron = cron_of(which.rhythm, _time(times), on.lower())
    name = id_of(here, rhythm, ask)
    one = Subscription(name, rhythm, ask, cron, zone, quiet, here, context.caller.id, context.caller.name, context.now)
    known = {before.id for before in context.subscriptions.all()}
    context.subscriptions.keep(one)
    return _told(context, one, is_new=name not in known)


def cron_of(rhythm: Rhythm, at: time, on: str = "") -> str:
    """When a rhythm comes, as a cron line: ``on`` is a weekday's first three letters, or a day of the month.

    Raises:
        BadAsk: there is no such day in that rhythm.
    """
    begin = f"{at.minute} {at.hour}"
    match rhythm:
        case Rhythm.DAILY | Rhythm.WEEKDAYS if on:
            raise BadAsk(f"a digest that comes {rhythm} has no day; leave on= out")
        case Rhythm.DAILY:
            return f"{begin} * * *"
        case Rhythm.WEEKDAYS:
            return f"{begin} * * mon-fri"
        case Rhythm.WEEKLY:
            if on[:3] not in ("", *WEEKDAYS):
                raise BadAsk(f"on={on} is no weekday; write on=mon")
            return f"{begin} * * {on[:3] or WEEKDAYS[0]}"
        case Rhythm.MONTHLY:
            if on and not (on.isdigit() and 1 <= int(on) <= 28):  # noqa: PLR2004 (every month has so many)
                raise BadAsk(f"on={on} is no day that every month has; write on=1 to on=28")
            return f"{begin} {on or 1} * *"


def said_rhythm(one: Subscription) -> str:
    """When it comes, in words."""
    if not one.cron:
        return "as they come"
    minute, hour, day, _, weekday = one.cron.split()
    at = f"at {int(hour):02d}:{int(minute):02d} in {one.timezone}"
    match one.rhythm:
        case Rhythm.WEEKLY:
            return f"every {weekday.capitalize()} {at}"
        case Rhythm.MONTHLY:
            return f"on day {day} of the month {at}"
        case _:
            return f"{one.rhythm} {at}"


def again_of(one: Subscription) -> str:
    """The ask that makes a subscription."""
    words = one.ask.split(" ")[1:] if one.cron else one.ask.split(" ")
    when = []
    if one.cron:
        minute, hour, day, _, weekday = one.cron.split()
        when = [f"{int(hour):02d}:{int(minute):02d}"]
        when += [f"on={weekday}"] if one.rhythm == Rhythm.WEEKLY else []
        when += [f"on={day}"] if one.rhythm == Rhythm.MONTHLY else []
    quiet = [quoted((f"quiet={one.quiet}",))] if one.quiet else []
    to = [] if one.here.conversation else ["to=me"]
    return " ".join(("subscribe", *words, *when, f"timezone={one.timezone}", *quiet, *to))


def id_of(here: Here, rhythm: str, ask: str) -> str:
    """The name of a subscription: of the same thing in the same place there is one."""
    where = here.user if here.alone else here.conversation
    return sha256("\x1f".join((here.platform, here.tenant, where, rhythm, ask)).encode()).hexdigest()[:10]


def _told(context: Context, one: Subscription, *, is_new: bool) -> Answer:
    coming = next((route.coming for route in context.routes() if route.what.endswith(f"({one.id})")), None)
    zone = ZoneInfo(one.timezone)
    following = f"{coming.astimezone(zone):%a %d %b at %H:%M}" if coming else "when there is one"
    what = f"`{one.ask}`" if one.cron else f"alerts {one.ask.removeprefix('alerts').strip()}".strip()
    parts: tuple[Part, ...] = (
        Text(f"{what}, {said_rhythm(one)}."),
        Facts((("Next", following), ("Quiet hours", one.quiet or "those of everybody"), ("Made by", one.by_name))),
        Buttons((Button("Unsubscribe", f"unsubscribe {one.id}"), *_preview(one))),
        Note(f"Subscription {one.id}; `routes` lists who hears what."),
    )
    title = "Subscribed" if is_new else "Subscription changed"
    return Answer(
        title, parts, Tone.GOOD, shared=is_for_others(one.here), data={"subscription": one.id, "cron": one.cron}
    )


def _preview(one: Subscription) -> tuple[Button, ...]:
    return (Button("Preview", "preview" + one.ask.removeprefix("digest")),) if one.cron else ()


def _place(here: Here, to: str) -> Here:
    """Where it goes: here, or to the asker alone; never to where they are not."""
    for_me = to.lower() in {"me", "dm"} and here.tenant and here.user  # which may be said on Home, where no channel is
    if not here.is_chat and not for_me:
        raise NotAllowed("a subscription is made in a chat: in the channel it is for, or in a direct message")
    if not for_me and to.lower() != "here":
        raise NotAllowed(f"to={to}: subscribe in that channel itself, or with to=me for your direct messages")
    return replace(here, conversation="", alone=True) if for_me or (here.alone and here.user) else here


def is_for_others(here: Here) -> bool:
    """Whether others hear it too, who then should see who wanted it."""
    return not here.alone


def _zone(name: str) -> str:
    known = sorted(available_timezones())
    if name not in known:
        same = [zone for zone in known if zone.lower().rpartition("/")[2] == name.lower().replace(" ", "_")]
        raise (
            UnknownName("time zone", name, known=known)
            if not same
            else BadAsk(f"{name!r} is no time zone; did you mean timezone={same[0]}?")
        )
    return name


def _time(times: Sequence[str]) -> time:
    if not times:
        return NINE
    hour, minute = map(int, times[0].split(":"))
    try:
        return time(hour, minute)
    except ValueError:
        raise BadAsk(f"{times[0]} is no time of the day; write 09:00") from None


def _alerts(words: Sequence[str], scope: Mapping[str, str]) -> str:
    if len(words) > 1 or set(scope) - set(ALERT_SCOPE):
        raise BadAsk("alerts are of a team, an account, a service or a kind: subscribe alerts team=search")
    return quoted((ALERTS, *(f"{key}={value}" for key, value in scope.items())))


def is_here(there: Here, here: Here) -> bool:
    """Whether something is told where somebody asks; their direct messages are theirs wherever they ask."""
    if not there.conversation:
        return (there.platform, there.tenant, there.user) == (here.platform, here.tenant, here.user)
    return (there.platform, there.tenant, there.conversation) == (here.platform, here.tenant, here.conversation)


def is_of(one: Subscription, what: Sequence[str], scope: Mapping[str, str]) -> bool:
    """Whether a subscription is of what somebody says, whatever its time."""
    words = [word.lower() for word in what if not AT.fullmatch(word)]
    if words[:1] == [ALERTS]:
        return one.rhythm == ALERTS and one.ask == _alerts(words, scope)
    return bool(words) and bool(one.cron) and one.ask == wanted(words, scope).ask
