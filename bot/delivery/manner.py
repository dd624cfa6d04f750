"""The manner of delivery: who gets an answer, where, and how; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from analysis.errors import BadAsk
from bot.delivery.routes import Audience
from bot.ports import HOME, Ask, Enclosure, Kind, Parcel, Place, Platform, Priority, run_of
from charts.picture import Picture
from commands.core.answer import After, Answer, Button, Buttons, Note, Tone
from commands.core.caller import Permission
from commands.core.registry import LONGEST_ASK, discover, quoted, words_of

CLOCK = "clock"  # the platform of asks that nobody typed
SHARE = "share"
SHARE_LABEL = "Share to channel"
OVER = Answer("Done", (Note("The answer is where it was asked for, or was told to its asker alone."),))
ELSEWHERE = Answer("This takes a while", (Note("It goes on in our direct messages, and the answer comes there."),))
MORE = "more"  # of a payload: the payloads of the messages that follow it


@dataclass(frozen=True, slots=True)
class Letter:
    """An answer with its address, before a platform renders it; ``id``, ``under`` and ``due`` as in ``Parcel``.

    ``ask`` is what it answers, where that is not the ask of all letters.
    """

    id: str
    place: Place
    kind: Kind
    priority: Priority
    answer: Answer
    ask: str = ""
    under: str = ""
    due: datetime | None = None


def waiting(ask: Ask, shown: Answer, number: int) -> list[Letter]:
    """What is said, for the ``number``-th time, to somebody who waits; nothing, where nobody does.

    It is one message, that is changed in place: where the answer is for all to see, in its thread. What one person sees
    in a channel cannot be changed there (Slack replaces nothing through the reply address of a command), so whoever
    waits for a private answer waits in their direct messages, and is told so where they asked.
    """
    if not waits(ask):
        return []
    first, place = waits_under(ask), _waiting_room(ask)
    if number:
        name = f"{first}:{ask.attempt}:{number}"
        return [Letter(name, place, Kind.EDIT, Priority.EDIT, shown, under=first)]
    told = [Letter(first, place, Kind.POST, Priority.REPLY, shown)]
    if not is_open(ask) and ask.place.conversation:
        told.append(Letter(f"{first}:where", ask.place, Kind.PRIVATE, Priority.REPLY, ELSEWHERE))
    return told


def waits(ask: Ask) -> bool:
    """Whether somebody waits for an answer, and is not looking at a page that says so already."""
    return ask.place.platform != CLOCK and not ask.place.view and bool(ask.place.user)


def is_open(ask: Ask) -> bool:
    """Whether an ask is answered for all to see, as far as that can be known before it is."""
    return ask.loud and not ask.clicked


def waits_under(ask: Ask) -> str:
    """The id of what is said first to somebody who waits for the answer to an ask."""
    return f"wait:{run_of(ask.key)}"


def _waiting_room(ask: Ask) -> Place:
    if is_open(ask):
        return replace(ask.place, message="")
    return Place(ask.place.platform, ask.place.tenant, user=ask.place.user)


def relieved(ask: Ask, letters: list[Letter]) -> list[Letter]:
    """The same letters for somebody who was told to wait: the answer takes the place of what told them so."""
    first, room = waits_under(ask), _waiting_room(ask)
    stays = Kind.POST if is_open(ask) else Kind.PRIVATE
    if letters and letters[0].kind is stays:
        answer = letters[0].answer if is_open(ask) else _without_share(letters[0].answer)
        return [replace(letters[0], place=room, kind=Kind.EDIT, under=first, answer=answer), *letters[1:]]
    return [Letter(f"{ask.key}:over", room, Kind.EDIT, Priority.REPLY, OVER, under=first), *letters]


def replies(ask: Ask, answer: Answer) -> list[Letter]:
    """What a person gets who typed or clicked: one message, or none when a message in a channel is drawn anew anyway.

    A transition has put the edits of every message that shows its finding into the outbox already, in its own
    transaction. A private message is nobody's view: it is swapped here; and one that shows no finding (a panel whose
    choices were changed) is edited here. What has details is followed by them, in its thread if it is for all to see.
    """
    return [letter for first in _first(ask, answer) for letter in (first, *_details(first))]


def _first(ask: Ask, answer: Answer) -> list[Letter]:
    if ask.place.view:
        return _in_view(ask, answer)
    if ask.clicked and answer.replaces:
        if not ask.place.message:
            return [_reply(ask, Kind.SWAP, answer)]
        return [] if answer.shows else [_reply(ask, Kind.EDIT, answer)]
    if not answer.private and (answer.shared or (ask.loud and not ask.clicked)):
        return [_reply(ask, Kind.POST, answer)]
    return [_reply(ask, Kind.PRIVATE, _with_share(ask.text, answer))]


def _in_view(ask: Ask, answer: Answer) -> list[Letter]:
    """What is said to somebody who asked on a page of their own.

    A window shows the answer to its own choices. Home shows itself, whatever was done on it; what else is said there
    comes as a private message.
    """
    if answer.shared and not answer.private and ask.place.conversation:
        return [_reply(replace(ask, place=replace(ask.place, view="")), Kind.POST, answer)]
    if ask.place.view != HOME or is_home(ask.text):
        return [_reply(ask, Kind.VIEW, answer)]
    if answer.replaces:
        return []
    alone = Place(ask.place.platform, ask.place.tenant, user=ask.place.user)
    return [_reply(replace(ask, place=alone), Kind.PRIVATE, answer)]


def redrawings(ask: Ask) -> list[Parcel]:
    """What an ask has drawn anew: the page it was clicked on, since what that shows may have changed."""
    if ask.place.view != HOME or is_home(ask.text):
        return []
    return [Parcel(f"{ask.key}:home", ask.place, Kind.VIEW, Priority.REPLY, ask=HOME)]


def is_home(ask: str) -> bool:
    """Whether an ask is for the asker's own page."""
    try:
        return words_of(ask)[:1] == [HOME]
    except BadAsk:
        return False


def announcements(ask: Ask, answer: Answer, audience: Audience, due: datetime | None = None) -> list[Letter]:
    """What the places of a schedule get, not before ``due``; an answer's details in the thread of each message.

    Errors are told where the answer was expected; secrets are not.
    """
    failed = "error" in answer.data
    if (audience.quiet and not answer.news) or (answer.private and not failed):
        return []
    priority = Priority.ALERT if answer.tone is Tone.BAD else Priority.DIGEST
    places = {place.lane: place for place in audience.places}
    roots = [Letter(f"{ask.key}:{lane}", place, Kind.POST, priority, answer, due=due) for lane, place in places.items()]
    return [letter for root in roots for letter in (root, *_details(root))]


def _details(root: Letter) -> Iterator[Letter]:
    """What follows a letter under it; a message that takes another's place has its details already."""
    if root.kind in (Kind.POST, Kind.PRIVATE):
        place = replace(root.place, message="")
        for number, detail in enumerate(root.answer.details, 1):
            name = f"{root.id}:detail:{number}"
            yield Letter(name, place, root.kind, root.priority, detail.answer, detail.ask, root.id, root.due)


def packed(
    letters: Iterable[Letter], ask: str, platforms: Mapping[str, Platform]
) -> tuple[list[Parcel], list[Enclosure]]:
    """Letters as parcels, each rendered by the platform that will carry it, and what they refer to.

    A document is a parcel of its own, that follows its letter.
    """
    letters, parcels = list(letters), list[Parcel]()
    enclosed: dict[str, Enclosure] = {}
    rendered: dict[tuple[str, int, str], tuple[Mapping[str, Any], Sequence[Picture]]] = {}  # once, for all its places
    for letter in letters:
        asked = letter.ask or ask
        once = letter.place.platform, id(letter.answer), asked
        if once not in rendered:
            rendered[once] = platforms[letter.place.platform].render(letter.answer, asked)
        payload, seen = rendered[once]
        enclosed |= {picture.digest: picture for picture in seen} | {file.digest: file for file in letter.answer.files}
        is_view = letter.kind in (Kind.POST, Kind.VIEW) or (letter.kind is Kind.EDIT and letter.under)
        shows = letter.answer.shows if is_view else ()
        drawn = _view(letter.answer.redraw or redrawn_by(asked), shows) if letter.kind is not Kind.VIEW else ("", shows)
        first = Parcel(
            letter.id,
            letter.place,
            letter.kind,
            letter.priority,
            {name: value for name, value in payload.items() if name != MORE},
            *drawn,
            under=letter.under,
            due=letter.due,
        )
        parcels += [first, *_pages(first, payload.get(MORE, ())), *_documents(letter)]
    return parcels, list(enclosed.values())


def _pages(first: Parcel, more: Iterable[Mapping[str, Any]]) -> Iterator[Parcel]:
    """What did not go into one message of a platform follows it; a message in another's place has its pages already."""
    if first.kind in (Kind.POST, Kind.PRIVATE):
        place = replace(first.place, message="")
        for number, payload in enumerate(more, 2):
            under = first.under or first.id
            name = f"{first.id}:page:{number}"
            yield Parcel(name, place, first.kind, first.priority, payload, under=under, due=first.due)


def followers(
    ask: Ask, answer: Answer, audience: Audience, placed: Callable[[str], Place | None], due: datetime | None = None
) -> list[Parcel]:
    """The messages that follow an announcement, each of its own and drawn when it is sent.

    ``placed`` finds the place of a route; one that leads nowhere goes where the announcement goes.
    """
    if not answer.also or not announcements(ask, answer, audience):
        return []
    places = tuple({place.lane: place for place in audience.places}.values())
    return [
        Parcel(f"{ask.key}:{place.lane}:after:{number}", place, Kind.POST, Priority.DIGEST, ask=after.ask, due=due)
        for number, after in enumerate(answer.also, 1)
        for place in (_elsewhere(after, placed) or places)
    ]


def _elsewhere(after: After, placed: Callable[[str], Place | None]) -> tuple[Place, ...]:
    place = placed(after.to) if after.to else None
    return (place,) if place else ()


def _documents(letter: Letter) -> Iterator[Parcel]:
    """The documents of a letter: into its thread or channel, or, where it is for one person, to that person alone."""
    place = replace(letter.place, message="", url="")
    if letter.kind in (Kind.PRIVATE, Kind.SWAP, Kind.VIEW):
        place = Place(place.platform, place.tenant, user=place.user)
    for number, file in enumerate(letter.answer.files):
        payload = {"document": file.digest, "name": file.name, "said": file.said}
        yield Parcel(
            f"{letter.id}:file:{number}",
            place,
            Kind.FILE,
            letter.priority,
            payload,
            under=letter.under,
            due=letter.due,
        )


def redrawn_by(ask: str) -> str:
    """The ask that draws a message anew, for any reader: the ask itself if it only reads, else nothing."""
    try:
        words = words_of(ask) or ["help"]
    except BadAsk:
        return ""
    name, known = words[0].lower(), discover()
    return quoted(words) if name in known and known[name].needs is Permission.READ else ""


def _view(again: str, shows: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """How a message is drawn anew, and for which findings.

    What was said by an ask that acts (``claim``) cannot be asked again: a single finding is then drawn by its own card,
    and a list of several stays what it was, the news of its moment.
    """
    if not again and len(shows) == 1:
        return quoted(("finding", shows[0])), shows
    return (again, shows) if again else ("", ())


def _reply(ask: Ask, kind: Kind, answer: Answer) -> Letter:
    place = replace(ask.place, message="") if kind is Kind.POST else ask.place
    return Letter(f"{ask.key}:0", place, kind, Priority.REPLY, answer)


def _with_share(ask: str, answer: Answer) -> Answer:
    """The answer with a button that shows it to everybody, if it may be shown and can be asked again."""
    again = redrawn_by(ask)
    shared = quoted((SHARE, *words_of(again))) if again else ""
    if answer.private or answer.shared or not shared or len(shared) > LONGEST_ASK or again.startswith(SHARE):
        return answer
    return replace(answer, parts=(*answer.parts, Buttons((Button(SHARE_LABEL, shared),))))


def _without_share(answer: Answer) -> Answer:
    """The answer for direct messages, where there is no channel to share it to."""
    last = answer.parts[-1] if answer.parts else None
    is_share = isinstance(last, Buttons) and [one.label for one in last.buttons] == [SHARE_LABEL]
    return replace(answer, parts=answer.parts[:-1]) if is_share else answer
