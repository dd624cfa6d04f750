"""The door: asks come in here, are saved before anybody is told so, and leave the event loop to be answered.

An ask is closed in the transaction that puts its answer into the outbox; whoever dies before leaves it to the next
one, who finds it when its lease has run out. Answering twice is harmless: the same ask makes the same parcels.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import uuid4

import structlog

from analysis.errors import NotSaved
from bot import metrics
from bot.cadence.schedule import Schedule
from bot.clock import Clock
from bot.delivery.manner import (
    CLOCK,
    Letter,
    announcements,
    followers,
    is_open,
    packed,
    redrawings,
    redrawn_by,
    relieved,
    replies,
    waiting,
)
from bot.delivery.reading import as_read
from bot.delivery.routes import Audience
from bot.log import digest
from bot.ports import Ask, Enclosure, Inbox, Kind, Parcel, Place, Platform, run_of
from bot.progress import Run
from bot.reception import Reception
from bot.traces import request, span, trace_of
from commands.core.answer import Answer, Text, Tone
from commands.core.caller import Permission
from commands.core.context import Context
from commands.core.quiet_hours import QuietHours
from commands.core.registry import answer, discover, run_ask

log = structlog.get_logger(__name__)

T = TypeVar("T")

REDRAWER = "redraw:pitcrew"  # reads, and does nothing else (``bot.identity``)
LEASE_SECONDS = 60.0
ACK_SECONDS = 2.5  # Slack wants to hear from us within three
PATIENCE_SECONDS = 3.0  # who waits longer is told how far it is
PATIENCE_ALONE_SECONDS = 8.0  # the same, where that leads them into their direct messages
TELL_SECONDS = 5.0
MOST_DRAWINGS = 16  # that are kept for other places
LEASES = 3  # an ask that was leased more often than this takes its answerers down
RETRY_SECONDS = (0.5, 1.0, 2.0)

SORRY = Answer(
    "This could not be answered",
    (Text("It was tried three times and never came to an end. It is in the log; please tell whoever runs Pitcrew."),),
    Tone.BAD,
    private=True,
    data={"error": "abandoned"},
)
BROKEN = Answer(
    "Something broke on our side",
    (Text("The answer was found and could not be shown. It is in the log; please tell whoever runs Pitcrew."),),
    Tone.BAD,
    private=True,
    data={"error": "internal"},
)


def _writers() -> Executor:
    return ThreadPoolExecutor(4, "door-write")


def _answerers() -> Executor:
    return ThreadPoolExecutor(4, "door-answer")


def _redrawers() -> Executor:
    return ThreadPoolExecutor(1, "door-redraw")  # so that a hundred cards keep nobody waiting who has just asked


@dataclass(frozen=True, slots=True)
class Drawing:
    """What an ask said to whoever sees as much, and the loop's time when it began to be answered."""

    began: float
    answer: Answer


@dataclass
class Door:
    """Takes asks in and has them answered by a few workers.

    ``contexts`` makes the world that one ask may see, ``routes`` says where each persona's views go, ``subscribed`` who
    hears what somebody subscribed to (by its schedule's name), and ``hours`` when schedules have to wait. ``mailed`` is
    called when the outbox has got something. Database writes and answers have a pool each, so that ten forecasts cannot
    keep anybody waiting for an acknowledgement.
    """

    inbox: Inbox
    contexts: Callable[[Ask], Context]
    platforms: Mapping[str, Platform]
    clock: Clock
    schedules: Sequence[Schedule] = ()
    routes: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    subscribed: Callable[[str], Audience | None] = lambda _: None
    hours: QuietHours | None = None
    mailed: Callable[[], None] = lambda: None
    placed: Callable[[str], Place | None] = lambda _: None  # the place of a route like slack:#search
    locale: str = "en_US"  # of what many read
    workers: int = 4
    writers: Executor = field(default_factory=_writers)
    answerers: Executor = field(default_factory=_answerers)
    redrawers: Executor = field(default_factory=_redrawers)
    lease_seconds: float = LEASE_SECONDS
    ack_seconds: float = ACK_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    patience_alone_seconds: float = PATIENCE_ALONE_SECONDS
    tell_seconds: float = TELL_SECONDS
    reception: Reception = field(init=False)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[str] = field(default_factory=set)
    _drawings: dict[tuple[str, frozenset[str]], Drawing] = field(default_factory=dict)  # the newest last
    _awaited: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _closing: bool = False

    def __post_init__(self) -> None:
        self.reception = Reception(self.inbox.accept_all)

    async def accept(self, ask: Ask) -> bool:
        """Commit an ask, and have it answered soon; ``False`` if it is a copy of one that is here already.

        Raises:
            NotSaved: the database did not take it in time, or Pitcrew is stopping.
        """
        platform, kind = ask.place.platform, "clicked" if ask.clicked else "typed"
        try:
            with metrics.timed(metrics.ACK_SECONDS), request(trace_of(ask.key), platform=platform, kind=kind):
                new = await self._saved(ask)
        except NotSaved:
            metrics.REQUESTS.labels(platform, kind, "not_saved").inc()
            raise
        metrics.REQUESTS.labels(platform, kind, "new" if new else "copy").inc()
        self.wake()
        return new

    async def _saved(self, ask: Ask) -> bool:
        if self._closing:
            raise NotSaved("Pitcrew is just being restarted; nothing has happened, please ask again in a minute")
        try:
            async with asyncio.timeout(self.ack_seconds):
                return await self.reception.enter(ask)
        except TimeoutError:
            raise NotSaved("the state database takes too long; please ask again in a minute") from None

    @property
    def draining(self) -> bool:
        """Whether it takes nothing in any more."""
        return self._closing

    async def accept_and_hear(self, ask: Ask, seconds: float) -> Answer | None:
        """Commit an ask, and wait a little for what is answered; ``None`` for a copy, or when it takes longer.

        The answer goes its own way through the outbox in any case.

        Raises:
            NotSaved: as ``accept``.
        """
        heard: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._awaited[ask.key] = heard
        try:
            if not await self.accept(ask):
                return None
            async with asyncio.timeout(seconds):
                return await heard
        except TimeoutError:
            return None
        finally:
            self._awaited.pop(ask.key, None)

    def wake(self) -> None:
        """Have the workers look into the inbox now."""
        self._woken.set()

    def start(self) -> None:
        """Begin to answer; asks that a former process left are found at once, or when their leases run out."""
        self._tasks = [asyncio.create_task(self._work(), name=f"door {number}") for number in range(self.workers)]

    async def stop(self, seconds: float = 25.0) -> None:
        """Take nothing in, finish what is under way within ``seconds``, and put the rest back for the next process."""
        self._closing = True
        self.wake()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            left = set(self._busy)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            for key in left:
                await self._put_back(key)

    async def _put_back(self, key: str) -> None:
        try:
            await self._written(self.inbox.put_back, key)
        except Exception:
            log.exception("ask not put back, left to its lease")

    def close(self) -> None:
        """Let the threads go, when nobody asks for a redrawing any more."""
        self.reception.close()
        for pool in (self.writers, self.answerers, self.redrawers):
            pool.shutdown(wait=False, cancel_futures=True)

    async def redraw(self, text: str, reader: Place | None = None, since: float | None = None) -> Answer:
        """What an ask says now, to a reader who may do nothing else; leaves no line in the audit.

        Somebody's own page is drawn for its ``reader``; a message says what everybody in its place may see. What was
        drawn for others who see as much is good enough if that began after ``since`` (the loop's time): a list that
        stands in a hundred channels is then answered once.

        Raises:
            FinOpsError: it cannot be told any more.
        """
        name = f"{REDRAWER}:{uuid4().hex}"
        if reader is not None and reader.view:
            own = Ask(name, reader, reader.caller, reader.user, text, self.clock())
            return await self._thought(lambda: self._read(text, self.contexts(own)))
        readers = () if reader is None else (reader,)
        ask = Ask(name, Place(CLOCK, REDRAWER), REDRAWER, REDRAWER, text, self.clock(), readers=readers)
        time = asyncio.get_running_loop().time
        return await self._drawn(lambda: self._read_once(text, self.contexts(ask), time, since))

    def _read_once(self, text: str, context: Context, time: Callable[[], float], since: float | None) -> Answer:
        key = text, context.sight.hidden
        known = self._drawings.pop(key, None)
        if known is None or since is None or known.began < since:
            began = time()
            known = Drawing(began, self._read(text, context))
        self._drawings[key] = known
        if len(self._drawings) > MOST_DRAWINGS:
            del self._drawings[next(iter(self._drawings))]
        return known.answer

    def _read(self, text: str, context: Context) -> Answer:
        return as_read(run_ask(text, context, at_most=Permission.READ), context.caller.locale)

    async def _work(self) -> None:
        while not self._closing:
            self._woken.clear()
            await self.reception.calm()
            ask = await self._next()
            if ask is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.lease_seconds):
                        await self._woken.wait()
            elif ask.key not in self._busy:  # else this process is still at it, and its lease was just made longer
                await self._answered(ask)

    async def _next(self) -> Ask | None:
        try:
            return next(iter(await self._written(self.inbox.take, 1, self.lease_seconds)), None)
        except Exception:
            log.exception("inbox not reachable")
            await asyncio.sleep(RETRY_SECONDS[-1])
            return None

    async def _answered(self, ask: Ask) -> None:
        self._busy.add(ask.key)
        name = {"ask": digest(ask.key), "platform": ask.place.platform, "attempt": ask.attempt}
        run = span("run", trace_of(ask.key), verb=verb_of(ask.text), attempt=ask.attempt)
        with structlog.contextvars.bound_contextvars(**name), metrics.timed(metrics.ANSWER_SECONDS), run:
            await self._taken_up(ask)

    async def _taken_up(self, ask: Ask) -> None:
        try:
            said, waited = (SORRY, False) if ask.attempt > LEASES else await self._worked(ask)
            await self._closed(ask, *await self._thought(lambda: self._packed(ask, said, waited=waited)))
        except Exception:
            log.exception("ask not closed, left to its lease")
        else:
            outcome = str(said.data.get("error", "answered"))
            if ask.clicked:
                metrics.CLICKS.labels(outcome).inc()
            log.info("answered", outcome=outcome, verb=verb_of(ask.text), clicked=ask.clicked)
            self.mailed()
            if (heard := self._awaited.get(ask.key)) and not heard.done():
                heard.set_result(said)
        finally:
            self._busy.discard(ask.key)

    async def _worked(self, ask: Ask) -> tuple[Answer, bool]:
        """The answer to an ask, and whether its asker was told to wait; who waits long is told how far it is."""
        run = Run(run_of(ask.key), ask.text, lambda: self.inbox.cancelled(ask.key))
        work = asyncio.ensure_future(self._thought(lambda: self._heard(ask, run)))
        told, last = 0, ""
        try:
            while not (await asyncio.wait({work}, timeout=self.tell_seconds if told else self._patience(ask)))[0]:
                news = run.said()
                letters = waiting(ask, run.shown(), told) if news != last or not told else []
                parcels, _ = packed(letters, "", self.platforms)
                await self._written(self.inbox.meanwhile, ask.key, parcels, self.lease_seconds)
                told, last = told + bool(parcels), news
                self.mailed()
            return work.result(), told > 0
        finally:
            work.cancel()

    def _patience(self, ask: Ask) -> float:
        return self.patience_seconds if is_open(ask) else self.patience_alone_seconds

    def _heard(self, ask: Ask, run: Run) -> Answer:
        with run.heard():
            context = self.contexts(replace(ask, readers=self._readers(ask)))
            run.discreet = bool(context.sight.hidden)
            said = answer(ask.text, context)
            if _is_read_by_others(ask, said):
                said = self._for_all(ask, said, context)
        return as_read(said, self.locale if said.shared else context.caller.locale)

    def _readers(self, ask: Ask) -> tuple[Place, ...]:
        """Who reads an answer beside its asker, as far as that is known before there is one."""
        if ask.place.platform == CLOCK:
            return self._audience(ask).places
        return (ask.place,) if is_open(ask) else ()

    def _for_all(self, ask: Ask, said: Answer, context: Context) -> Answer:
        """An answer that others read too, as all of them may see it; what was done is told its asker alone."""
        channel = self.contexts(replace(ask, readers=(ask.place,)))
        if channel.sight.hidden <= context.sight.hidden:
            return said
        if redrawn_by(ask.text):
            return answer(ask.text, channel)
        return replace(said, private=True, shared=False, replaces=False)

    def _packed(self, ask: Ask, said: Answer, *, waited: bool = False) -> tuple[list[Parcel], list[Enclosure]]:
        """Render an answer; one that cannot be rendered is replaced by words that can."""
        try:
            parcels, enclosures = packed(self._letters(ask, said, waited), ask.text, self.platforms)
            trace = trace_of(ask.key)
            every = [*parcels, *self._followers(ask, said), *redrawings(ask)]
            return [replace(one, trace=trace) for one in every], enclosures
        except Exception:
            log.exception("answer not rendered", verb=verb_of(ask.text))
            return packed(self._letters(ask, BROKEN, waited), ask.text, self.platforms)

    def _letters(self, ask: Ask, said: Answer, waited: bool) -> list[Letter]:
        if ask.place.platform == CLOCK:
            audience = self._audience(ask)
            due = audience.hours.end(self.clock()) if audience.hours else None
            return announcements(ask, said, audience, due)
        return relieved(ask, replies(ask, said)) if waited else replies(ask, said)

    def _followers(self, ask: Ask, said: Answer) -> list[Parcel]:
        if ask.place.platform != CLOCK:
            return []
        return followers(ask, said, self._audience(ask), self.placed)

    def _audience(self, ask: Ask) -> Audience:
        """Who hears a schedule's ask; nobody, if it has left the deployment file, or was unsubscribed, meanwhile."""
        if subscribed := self.subscribed(ask.place.tenant):
            return subscribed
        schedule = next((one for one in self.schedules if one.name == ask.place.tenant), None)
        if schedule is None:
            return Audience()
        personas = [ask.place.conversation] if ask.place.conversation else schedule.to
        places = tuple(place for persona in personas for place in self.routes.get(persona, ()))
        return Audience(places, quiet=not schedule.always, hours=self.hours)

    async def _closed(self, ask: Ask, parcels: Sequence[Parcel], enclosures: Sequence[Enclosure]) -> None:
        for seconds in (*RETRY_SECONDS, None):
            try:
                return await self._written(self.inbox.done, ask.key, parcels, enclosures)
            except Exception:
                if seconds is None:
                    raise
                log.warning("ask not closed yet", exc_info=True)
                await asyncio.sleep(seconds)
        return None

    async def _written(self, write: Callable[..., T], *given: object) -> T:
        known = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self.writers, lambda: known.run(write, *given))

    async def _drawn(self, work: Callable[[], T]) -> T:
        known = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self.redrawers, lambda: known.run(work))

    async def _thought(self, work: Callable[[], T]) -> T:
        known = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self.answerers, lambda: known.run(work))


def _is_read_by_others(ask: Ask, said: Answer) -> bool:
    """Whether an answer stands where others read it, too."""
    return ask.place.platform != CLOCK and any(
        letter.kind in (Kind.POST, Kind.EDIT) and letter.place.conversation for letter in replies(ask, said)
    )


def verb_of(text: str) -> str:
    """The command of an ask, if it is one of ours: the rest may name people and accounts."""
    word = next(iter(text.removeprefix("/finops").split()), "help").lower()
    return word if word in discover() else "?"
