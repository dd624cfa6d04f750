"""The outbox on both databases: who goes first, who waits, and what becomes of a courier's lost lease."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from analysis.errors import NotFound
from bot.ports import Kind, Parcel, Place, Priority, anew
from bot.state import State as Memory
from bot.state import schema
from charts.picture import Picture
from commands.core.answer import File
from tests.contracts.conftest import BEGINNING, Wait
from tests.contracts.said import parcel


def names(parcels: Iterable[Parcel]) -> list[str]:
    return [one.id for one in parcels]


def leased(state: Memory, *parcels: Parcel) -> Parcel:
    """Put and lease; back comes the first."""
    state.outbox.put(parcels, ())
    return state.outbox.lease(9, 30)[0]


def edit(name: str, message: str, conversation: str = "C1") -> Parcel:
    return parcel(name, conversation, message=message, kind=Kind.EDIT, priority=Priority.EDIT, ask=f"finding {name}")


def views(state: Memory) -> list[tuple[str, str, str]]:
    """The message, the ask and the finding of everything that is shown somewhere."""
    message, shown = schema.message, schema.shown
    wanted = sa.select(message.c.message, message.c.ask, shown.c.finding).join(shown)
    with state.database.reading() as connection:
        return sorted((row.message, row.ask, row.finding) for row in connection.execute(wanted))


def test_an_id_that_was_ever_enqueued_is_ignored(state: Memory) -> None:
    one = leased(state, parcel("p1"), parcel("p1", payload={"text": "another"}))
    assert one.payload == {"text": "p1"}
    state.outbox.sent(one, "ts 1")

    state.outbox.put([parcel("p1")], ())

    assert state.outbox.counts() == {"sent": 1}


def test_a_parcel_comes_back_as_it_went_in(state: Memory) -> None:
    said = parcel("p1", payload={"blocks": [{"text": "Größe"}]}, ask="waste --top 3", shows=("f1", "f2"))

    one = leased(state, said)

    assert (one.id, one.place, one.kind, one.priority) == (said.id, said.place, said.kind, said.priority)
    assert (one.payload, one.ask, one.shows) == (said.payload, said.ask, said.shows)
    assert (one.attempt, one.unclear) == (1, False)
    assert one.first_try is not None and one.first_try.tzinfo is not None


def test_priority_goes_before_age(state: Memory) -> None:
    order = (Priority.DIGEST, Priority.EDIT, Priority.ALERT, Priority.REPLY, Priority.REPLY)
    state.outbox.put([parcel(f"p{n}", f"C{n}", priority=priority) for n, priority in enumerate(order)], ())

    assert names(state.outbox.lease(3, 30)) == ["p3", "p4", "p2"]
    assert names(state.outbox.lease(9, 30)) == ["p1", "p0"]


def test_a_digest_that_has_waited_for_half_a_minute_lets_no_newer_edit_go_first(state: Memory) -> None:
    state.outbox.put([parcel("digest", "C1"), parcel("young", "C2")], ())
    edits = [parcel(f"e{one}", one, kind=Kind.EDIT, priority=Priority.EDIT, message="m") for one in ("C1", "C2")]
    state.outbox.put(edits, ())
    with state.database.writing() as connection:
        then = state.database.now(connection) - timedelta(seconds=31)
        connection.execute(sa.update(schema.outbox).where(schema.outbox.c.id == "digest").values(due=then))

    assert set(names(state.outbox.lease(9, 30))) == {"digest", "eC2"}


def test_a_workspace_that_takes_no_edits_just_now_gets_everything_else(state: Memory) -> None:
    waited_for = parcel("answer", "C3", kind=Kind.EDIT, priority=Priority.REPLY, message="m")
    edit = parcel("edit", "C1", kind=Kind.EDIT, priority=Priority.EDIT, message="m")
    state.outbox.put([edit, waited_for, parcel("digest", "C1")], ())

    assert names(state.outbox.lease(9, 30, ["slack:T1"])) == ["answer", "digest"]
    assert names(state.outbox.lease(9, 30, ["slack:T2"])) == []
    assert state.outbox.counts()["pending"] == 1


def test_of_one_lane_the_first_goes_and_the_next_waits_until_it_is_sent(state: Memory) -> None:
    state.outbox.put([parcel("p1"), parcel("p2"), parcel("other", "C2")], ())

    one, _ = state.outbox.lease(9, 30)
    assert one.id == "p1"
    assert state.outbox.lease(9, 30) == []

    state.outbox.sent(one, "ts 1")
    assert names(state.outbox.lease(9, 30)) == ["p2"]


def test_within_a_lane_the_urgent_goes_first(state: Memory) -> None:
    state.outbox.put([parcel("digest"), parcel("reply", priority=Priority.REPLY)], ())

    assert names(state.outbox.lease(9, 30)) == ["reply"]


def test_of_couriers_who_come_at_once_one_gets_the_lane(state: Memory) -> None:
    couriers = 4
    ready = Barrier(couriers)

    def courier(_: int) -> list[str]:
        ready.wait()
        return names(state.outbox.lease(2, 60))

    with ThreadPoolExecutor(couriers) as pool:
        for number in range(25):
            state.outbox.put([parcel(f"{name} {number}", f"C{number}") for name in ("first", "second")], ())
            assert sorted(pool.map(courier, range(couriers))) == [[], [], [], [f"first {number}"]]


def test_a_resting_lane_rests_and_a_shorter_rest_does_not_wake_it(state: Memory, wait: Wait) -> None:
    one, other = parcel("p1"), parcel("p2", "C2")
    state.outbox.put([one, other], ())
    state.outbox.rest(one.lane, 60)
    state.outbox.rest(one.lane, 5)

    assert names(state.outbox.lease(9, 600)) == ["p2"]
    wait(59)
    assert state.outbox.lease(9, 600) == []
    wait(2)
    assert names(state.outbox.lease(9, 600)) == ["p1"]


def test_what_is_given_back_is_not_due_before_its_time(state: Memory, wait: Wait) -> None:
    one = leased(state, parcel("p1"))
    state.outbox.later(one, 20, "slow down")

    assert state.outbox.lease(9, 30) == []
    wait(21)

    (again,) = state.outbox.lease(9, 30)
    assert (again.attempt, again.unclear, again.first_try) == (2, False, again.first_try)


@pytest.mark.parametrize(
    ("kind", "unclear"), [(Kind.POST, True), (Kind.PRIVATE, True), (Kind.EDIT, False), (Kind.SWAP, False)]
)
def test_a_lost_lease_is_unclear_where_a_repeat_would_be_seen(
    state: Memory, wait: Wait, kind: Kind, unclear: bool
) -> None:
    one = leased(state, parcel("p1", kind=kind, message="m"))
    assert state.outbox.begun(one)
    wait(29)
    assert state.outbox.lease(9, 30) == []

    wait(2)

    (again,) = state.outbox.lease(9, 30)
    assert (again.id, again.unclear, again.attempt) == ("p1", unclear, 2)
    assert one.first_try is not None and again.first_try is not None


def test_a_lease_that_was_lost_before_anything_was_sent_leaves_no_doubt(state: Memory, wait: Wait) -> None:
    old = leased(state, parcel("p1"))
    wait(31)

    (again,) = state.outbox.lease(9, 30)
    assert (again.unclear, again.attempt) == (False, 2)
    assert not state.outbox.begun(old), "whoever comes late sends nothing"
    assert state.outbox.begun(again)
    assert state.outbox.standing(BEGINNING).unclear == 0 and not state.upkeep.waiting()[0].unclear, "it is on its way"


def test_who_lost_the_lease_changes_nothing(state: Memory, wait: Wait) -> None:
    old = leased(state, parcel("p1", shows=("f1",), ask="waste"))
    wait(31)
    (held,) = state.outbox.lease(9, 30)

    assert not state.outbox.sent(old, "ts old")
    state.outbox.failed(old, "gone")
    state.outbox.later(old, 0, "busy", unclear=True)

    assert state.outbox.counts() == {"leased": 1}
    assert views(state) == []
    assert state.outbox.sent(held, "ts held")
    assert views(state) == [("ts held", "waste", "f1")]
    assert not state.outbox.sent(held, "ts again")


def test_of_several_edits_of_a_message_the_newest_is_sent(state: Memory) -> None:
    state.outbox.put([edit("e1", "m1"), edit("e2", "m1"), edit("other", "m2"), edit("e3", "m1")], ())
    state.outbox.put([edit("elsewhere", "m1", "C2")], ())

    first = state.outbox.lease(9, 30)
    assert names(first) == ["other", "elsewhere"]
    assert state.outbox.counts() == {"superseded": 2, "pending": 1, "leased": 2}
    for one in first:
        state.outbox.sent(one, one.place.message)

    assert names(state.outbox.lease(9, 30)) == ["e3"]


def test_an_edit_on_its_way_is_followed_by_a_newer_one(state: Memory) -> None:
    old = leased(state, edit("e1", "m1"))
    state.outbox.put([edit("e2", "m1")], ())

    assert state.outbox.lease(9, 30) == []
    state.outbox.later(old, 0, "busy")

    assert names(state.outbox.lease(9, 30)) == ["e2"]
    assert state.outbox.counts() == {"superseded": 1, "leased": 1}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.POST, [("ts 1", "waste", "f1"), ("ts 1", "waste", "f2")]), (Kind.PRIVATE, []), (Kind.SWAP, [])],
)
def test_what_was_sent_for_all_to_see_is_remembered_as_a_view(
    state: Memory, kind: Kind, expected: list[tuple[str, str, str]]
) -> None:
    one = leased(state, parcel("p1", kind=kind, ask="waste", shows=("f1", "f2")))

    assert state.outbox.sent(one, "ts 1")

    assert views(state) == expected


def test_what_failed_is_parked_with_its_reason(state: Memory, wait: Wait) -> None:
    state.outbox.failed(leased(state, parcel("p1")), "channel_not_found")

    wait(9999)
    assert state.outbox.lease(9, 30) == []
    assert state.outbox.counts() == {"failed": 1}
    with state.database.reading() as connection:
        assert connection.execute(sa.select(schema.outbox.c.why)).scalar_one() == "channel_not_found"


def test_what_was_unclear_and_then_sent_is_watched_for_twins_until_it_is_swept(state: Memory, wait: Wait) -> None:
    state.outbox.put([parcel("clear", "C2"), edit("e1", "m1", "C3")], ())
    for one in state.outbox.lease(9, 30):
        state.outbox.sent(one, "ts")
    assert state.outbox.twins() == []

    state.outbox.later(leased(state, parcel("p1")), 0, "timed out", unclear=True)
    (again,) = state.outbox.lease(9, 30)
    assert again.unclear
    state.outbox.later(again, 0, "slow down")
    (again,) = state.outbox.lease(9, 30)
    assert not again.unclear
    assert state.outbox.twins() == []
    state.outbox.sent(again, "ts p1")

    lost = leased(state, parcel("p2"))
    state.outbox.begun(lost)
    wait(31)
    (found,) = state.outbox.lease(9, 30)
    state.outbox.sent(found, "ts p2")

    assert [(one.id, message) for one, message in state.outbox.twins()] == [("p1", "ts p1"), (lost.id, "ts p2")]
    state.outbox.swept("p1")
    assert [one.id for one, _ in state.outbox.twins()] == ["p2"]


def test_a_document_is_kept_once_as_it_is(state: Memory) -> None:
    sheet = File("october.xlsx", "application/vnd.ms-excel", bytes(range(256)), "Cost of October by team.")
    state.outbox.put((), (sheet,))
    state.outbox.put((), (sheet,))

    assert state.outbox.document(sheet.digest) == sheet
    with pytest.raises(NotFound, match="no document"):
        state.outbox.document("0" * 64)


def test_a_picture_is_kept_once_and_its_upload_is_remembered_for_each_workspace(state: Memory) -> None:
    drawn = Picture(bytes(range(256)), "1,204 USD", "forecast")
    for name in ("p1", "p2"):
        state.outbox.put([parcel(name)], [drawn])
    state.outbox.uploaded("slack", "T1", drawn.digest, "F1")
    state.outbox.uploaded("slack", "T1", drawn.digest, "F2")

    assert state.outbox.picture(drawn.digest) == drawn
    assert state.outbox.find_upload("slack", "T1", drawn.digest) == "F1"
    assert state.outbox.find_upload("slack", "T2", drawn.digest) is None
    with pytest.raises(NotFound, match="no picture"):
        state.outbox.picture("0" * 64)


def test_parcels_are_counted_by_where_they_are(state: Memory) -> None:
    assert state.outbox.counts() == {}
    state.outbox.put([parcel(f"p{number}", f"C{number}") for number in range(6)], ())
    first, second, *_ = state.outbox.lease(3, 30)
    state.outbox.sent(first, "ts")
    state.outbox.failed(second, "gone")

    assert state.outbox.counts() == {"sent": 1, "failed": 1, "leased": 1, "pending": 3}


def test_what_lies_under_a_root_waits_for_it_and_goes_into_its_thread(state: Memory) -> None:
    replies = [parcel(name, under="root", priority=Priority.ALERT) for name in ("first", "second")]
    state.outbox.put([*replies, parcel("root"), parcel("change", kind=Kind.EDIT, under="root", ask="alert 1")], ())

    (root,) = state.outbox.lease(9, 30)
    assert root.id == "root"
    state.outbox.sent(root, "17.1")
    (first,) = state.outbox.lease(9, 30)
    assert (first.id, first.place.thread, first.place.message) == ("first", "17.1", "")
    state.outbox.sent(first, "17.2")
    (second,) = state.outbox.lease(9, 30)
    state.outbox.sent(second, "17.3")
    (change,) = state.outbox.lease(9, 30)
    assert (change.id, change.place.thread, change.place.message) == ("change", "", "17.1")


def test_under_a_root_that_is_not_delivered_nothing_is(state: Memory) -> None:
    state.outbox.put([parcel("root"), parcel("reply", under="root"), parcel("stray", "C2", under="never")], ())
    (root,) = state.outbox.lease(9, 30)
    state.outbox.failed(root, "no such channel")

    assert state.outbox.lease(9, 30) == []
    assert state.outbox.counts() == {"failed": 3}


def test_what_is_posted_anew_is_the_root_from_then_on(state: Memory) -> None:
    state.outbox.put([parcel("root")], ())
    (root,) = state.outbox.lease(9, 30)
    state.outbox.sent(root, "17.1")
    state.outbox.put([parcel(anew(root.lane, "17.1"))], ())
    (again,) = state.outbox.lease(9, 30)
    state.outbox.sent(again, "18.1")
    state.outbox.put([parcel("reply", under="root")], ())

    (reply,) = state.outbox.lease(9, 30)
    assert reply.place.thread == "18.1"


def test_a_parcel_is_not_due_before_its_time(state: Memory, wait: Wait) -> None:
    with state.database.reading() as connection:
        due = state.database.now(connection) + timedelta(hours=9)
    state.outbox.put([parcel("in the morning", due=due)], ())

    assert state.outbox.lease(9, 30) == []
    wait(9 * 3600 + 1)
    assert names(state.outbox.lease(9, 30)) == ["in the morning"]


def test_of_several_changes_of_one_root_the_newest_counts(state: Memory) -> None:
    changes = [parcel(f"change {n}", kind=Kind.EDIT, under="root", ask="alert 1") for n in (1, 2)]
    state.outbox.put([parcel("root"), *changes], ())
    (root,) = state.outbox.lease(9, 30)
    state.outbox.sent(root, "17.1")

    assert names(state.outbox.lease(9, 30)) == ["change 2"]


def test_a_message_on_its_way_is_drawn_anew_when_it_has_arrived(state: Memory) -> None:
    said = [
        parcel("drawn", ask="alert f1", shows=("f1",)),
        parcel("still to be drawn", "C2", ask="alert f1", shows=("f1",), payload={}),
    ]
    state.outbox.put(said, ())
    with state.database.writing() as connection:
        state.outbox.redraw(connection, "f1", 2)

    for one in state.outbox.lease(9, 30):
        state.outbox.sent(one, f"ts of {one.id}")
    (change,) = state.outbox.lease(9, 30)
    assert (change.kind, change.ask, change.place.message) == (Kind.EDIT, "alert f1", "ts of drawn")


def test_a_message_in_somebodys_direct_messages_is_drawn_anew_there(state: Memory) -> None:
    place = Place("slack", "T1", user="U1")
    state.outbox.put([Parcel("dm", place, Kind.POST, Priority.ALERT, {"text": "!"}, "alert f1", ("f1",))], ())
    (one,) = state.outbox.lease(9, 30)
    state.outbox.sent(one, "17.1")
    with state.database.writing() as connection:
        state.outbox.redraw(connection, "f1", 2)

    (change,) = state.outbox.lease(9, 30)
    assert change.place == Place("slack", "T1", message="17.1", user="U1")


def test_what_is_held_waits_for_a_person_who_may_have_it_sent_again(state: Memory) -> None:
    one = leased(state, parcel("p1"))
    state.outbox.hold(one, "it may have arrived")

    assert state.outbox.counts() == {"held": 1}
    assert state.outbox.lease(9, 30) == []
    [waiting] = state.upkeep.waiting("held")
    assert (waiting.id, waiting.why) == ("p1", "it may have arrived")
    state.upkeep.resend("p1", "ann", BEGINNING)
    [again] = state.outbox.lease(9, 30)
    assert (again.id, again.unclear) == ("p1", False)


def test_what_lies_under_a_held_message_waits_with_it_and_follows_it(state: Memory) -> None:
    state.outbox.put([parcel("digest", ask="waste", shows=("f1",)), parcel("detail", under="digest")], ())
    [one] = state.outbox.lease(9, 30)
    state.outbox.hold(one, "it may have arrived")
    assert state.outbox.lease(9, 30) == []
    with state.database.writing() as connection:
        state.outbox.redraw(connection, "f1", 2)
    assert state.outbox.counts() == {"held": 1, "pending": 2}, "the detail, and the edit of what has changed meanwhile"

    state.upkeep.resend("digest", "ann", BEGINNING)
    [again] = state.outbox.lease(9, 30)
    state.outbox.sent(again, "17.1")
    [edit] = state.outbox.lease(9, 30)
    state.outbox.sent(edit, "17.1")
    [detail] = state.outbox.lease(9, 30)
    assert (edit.kind, edit.place.message) == (Kind.EDIT, "17.1")
    assert (detail.id, detail.place.thread) == ("detail", "17.1")


def test_what_was_given_up_with_its_message_is_sent_again_with_it(state: Memory) -> None:
    state.outbox.put([parcel("digest"), parcel("detail", under="digest")], ())
    [one] = state.outbox.lease(9, 30)
    state.outbox.failed(one, "the channel is archived")
    assert state.outbox.lease(9, 30) == []
    assert state.outbox.counts() == {"failed": 2}

    state.upkeep.resend("digest", "ann", BEGINNING)
    assert state.outbox.counts() == {"pending": 2}


def test_a_message_knows_the_ask_that_draws_it(state: Memory) -> None:
    one = leased(state, parcel("p1", "Cloud/FinOps", ask="finding f1", shows=("f1",)))
    state.outbox.sent(one, "17/17")

    where = (one.place.platform, one.place.tenant)
    assert state.outbox.drawn_by(*where, ("19:finops", "Cloud/FinOps"), "17/17") == "finding f1"
    assert state.outbox.drawn_by(*where, ("19:other", "Cloud/Other"), "17/17") is None
    assert state.outbox.drawn_by(*where, ("Cloud/FinOps",), "18/18") is None
