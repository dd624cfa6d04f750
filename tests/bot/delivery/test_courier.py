"""The courier: whatever happens on the way, each parcel arrives, and arrives once."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bot.ports import DeliveryError, Gone, Held, Kind, Later, Paused, Priority, Unclear, Undeliverable
from tests.bot.delivery.desk import Desk, Killed, Taken, desk, parcel
from tests.virtual_time import on_virtual_time


def seconds_of(found: Desk) -> list[float]:
    return [round(at, 2) for at, _ in found.platform.sends]


@on_virtual_time
async def test_a_parcel_arrives_and_is_remembered_as_a_view() -> None:
    async with desk() as found:
        found.put(parcel(shows=("f1",)))
        await found.settled()

    assert found.platform.said() == ["p1"]
    assert list(found.store.views.values()) == [("", ("f1",))]


@on_virtual_time
async def test_an_unclear_post_that_had_arrived_is_not_sent_again() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Taken(Unclear("the connection broke")))
        found.put(parcel())
        await found.settled()

    assert found.platform.said() == ["p1"]
    assert len(found.platform.sends) == 1
    assert found.states() == {"p1": "sent"}


@on_virtual_time
async def test_an_unclear_post_that_had_not_arrived_is_sent_again_after_the_lease() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Unclear("the connection broke"))
        found.put(parcel())
        await found.settled()

    assert found.platform.said() == found.platform.finds[:1] == ["p1"]
    assert seconds_of(found)[1] >= 60


@pytest.mark.parametrize("phase", [Killed(), Taken(Killed()), Taken(Killed(), seconds=4)])
@on_virtual_time
async def test_a_kill_before_or_after_the_platform_took_it_loses_and_repeats_nothing(phase: Killed | Taken) -> None:
    async with desk() as found:
        found.platform.script["*"].append(phase)
        found.put(parcel(), parcel("p2", "C2"))
        await asyncio.sleep(0.01)
        await found.kill()
        await found.settled()

    assert sorted(found.platform.said()) == ["p1", "p2"]


@on_virtual_time
async def test_a_kill_between_the_reply_and_the_remembering_repeats_nothing() -> None:
    async with desk() as found:

        def killed(method: str) -> None:
            if method == "sent":
                raise RuntimeError("killed")

        found.store.trouble = killed
        found.put(parcel())
        await asyncio.sleep(1)
        await found.kill()
        found.store.trouble = lambda _: None
        await found.settled()

    assert found.platform.said() == ["p1"]
    assert found.states() == {"p1": "sent"}


@on_virtual_time
async def test_forty_digests_with_a_kill_at_every_seventh_are_all_there_once() -> None:
    async with desk() as found:
        for number in range(40):
            found.put(parcel(f"p{number}", f"C{number % 6}"))
        for number in range(12):
            kill = Killed() if number % 2 else Taken(Killed())
            found.platform.script["*"].extend([*[Taken()] * 6, kill])
            await asyncio.sleep(20)
            await found.kill()
        await found.settled()

    assert sorted(found.platform.said()) == sorted(f"p{number}" for number in range(40))


@on_virtual_time
async def test_a_late_twin_is_taken_back() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Taken(Unclear("timed out"), seconds=90))
        found.put(parcel())
        await found.settled()
        await asyncio.sleep(40)
        assert found.platform.said() == ["p1", "p1"]
        remembered = found.store.outbox["p1"].message
        await asyncio.sleep(900)

    assert [one.id for one in found.platform.messages] == [remembered]
    assert found.store.twins() == []


@on_virtual_time
async def test_an_unclear_edit_or_whisper_is_repeated_without_looking() -> None:
    async with desk() as found:
        found.platform.script["*"].extend([Unclear("500"), Unclear("500")])
        found.put(parcel("p1", "C1", Kind.PRIVATE), parcel("p2", "C2", Kind.EDIT, message="m"))
        await found.settled(30)

    assert found.platform.finds == []
    assert set(found.states().values()) == {"sent"}


@on_virtual_time
async def test_retry_after_is_honoured_and_other_lanes_go_on() -> None:
    async with desk() as found:
        found.platform.script["slack:T1:C1"].append(Later(30, "slow down"))
        found.put(parcel("p1"), parcel("p2"), parcel("p3", "C2"))
        await found.settled()

    when = {one.parcel: one.at for one in found.platform.messages}
    assert when["p3"] < 3
    assert when["p1"] >= 30 and when["p2"] >= 30
    assert found.platform.said().count("p1") == 1


@on_virtual_time
async def test_a_lane_that_hangs_holds_nobody_else_up() -> None:
    async with desk() as found:
        found.platform.script["slack:T1:C1"].append(Taken(seconds=50))
        found.put(parcel("slow"), *(parcel(f"p{number}", f"C{number}") for number in range(2, 12)))
        await found.settled()

    assert found.platform.said()[-1] == "slow"
    assert [one.at for one in found.platform.messages][-2] < 10


@on_virtual_time
async def test_a_lane_takes_one_message_a_second_in_order() -> None:
    async with desk() as found:
        found.put(*(parcel(f"p{number}") for number in range(5)))
        await found.settled()

    assert found.platform.said() == [f"p{number}" for number in range(5)]
    sent = seconds_of(found)
    assert all(later - earlier >= 1.05 for earlier, later in pairwise(sent))


@on_virtual_time
async def test_a_workspace_takes_five_a_second_and_half_as_many_when_it_complains() -> None:
    async with desk() as found:
        found.put(*(parcel(f"p{number}", f"C{number}") for number in range(50)))
        await found.settled()
        calm = asyncio.get_running_loop().time()
        found.platform.script["*"].extend(Later(1, "slow down") for _ in range(8))
        found.put(*(parcel(f"q{number}", f"C{number}") for number in range(50)))
        await found.settled()
        stressed = asyncio.get_running_loop().time() - calm

    assert 9.5 < calm < 13
    assert 13 < stressed < 60


@on_virtual_time
async def test_who_asked_goes_first_then_alerts_then_edits_then_digests() -> None:
    async with desk() as found:
        found.put(
            parcel("digest", priority=Priority.DIGEST),
            parcel("edit", kind=Kind.EDIT, priority=Priority.EDIT, message="m"),
            parcel("alert", priority=Priority.ALERT),
            parcel("reply", priority=Priority.REPLY),
        )
        await found.settled()

    assert [sent.id for _, sent in found.platform.sends] == ["reply", "alert", "edit", "digest"]


@on_virtual_time
async def test_a_reply_overtakes_hundreds_of_digests() -> None:
    async with desk() as found:
        found.put(*(parcel(f"p{number}", f"C{number}") for number in range(200)))
        await asyncio.sleep(5)
        asked = asyncio.get_running_loop().time()
        found.put(parcel("reply", "D1", Kind.PRIVATE, Priority.REPLY))
        await found.settled()

    when = next(one.at for one in found.platform.messages if one.parcel == "reply")
    assert when - asked < 1


@on_virtual_time
async def test_what_people_ask_for_themselves_slows_down_nothing_that_others_wait_for() -> None:
    async with desk() as found:
        for number in range(300):
            found.put(parcel(f"r{number}", f"D{number}", Kind.PRIVATE, Priority.REPLY))
        found.put(*(parcel(f"p{number}", f"C{number}") for number in range(20)))
        found.put(*(parcel(f"e{number}", f"E{number}", Kind.EDIT, message="m") for number in range(20)))
        await found.settled()
        took = asyncio.get_running_loop().time()

    assert took < 10


@on_virtual_time
async def test_when_no_more_may_be_edited_for_a_while_what_is_new_still_comes() -> None:
    async with desk() as found:
        found.platform.script["slack:T1:C1"].append(Later(40, "too many edits"))
        found.put(*(parcel(f"e{n}", f"C{n}", Kind.EDIT, Priority.EDIT, message="m") for n in range(1, 30)))
        await asyncio.sleep(2)
        found.put(*(parcel(f"p{n}", f"C{n}", priority=Priority.DIGEST) for n in range(1, 9)))
        await found.settled()
    posts, edits = ([at for at, sent in found.platform.sends if sent.id[0] == kind] for kind in "pe")

    assert max(posts) < 10
    assert len(edits) == 30 and max(edits) > 40


@on_virtual_time
async def test_of_many_edits_the_newest_is_drawn_when_it_is_sent() -> None:
    async with desk() as found:
        found.put(parcel("post", ask="finding f1", shows=("f1",), payload={"text": "open"}))
        await found.settled()
        message = found.store.outbox["post"].message
        found.says["finding f1"] = "claimed by Ana"
        found.put(*(parcel(f"e{n}", kind=Kind.EDIT, message=message, ask="finding f1") for n in range(9)))
        await found.settled()

    assert len(found.platform.sends) == 2
    assert found.platform.messages[0].payload["text"] == "claimed by Ana"
    assert found.store.views["slack:T1:C1", message] == ("finding f1", ("f-finding f1",))


@on_virtual_time
async def test_what_cannot_be_drawn_any_more_is_parked_and_the_message_left_as_it_is() -> None:
    async with desk() as found:
        found.put(parcel("e1", kind=Kind.EDIT, message="m", ask="finding f9"))
        await found.settled()

    assert found.platform.sends == []
    assert "nothing answers" in found.store.outbox["e1"].why


@on_virtual_time
async def test_a_message_that_is_gone_is_posted_anew_once() -> None:
    async with desk() as found:
        found.says["finding f1"] = "claimed"
        found.platform.script["*"].extend([Gone("message_not_found"), Taken(), Gone("message_not_found")])
        found.put(parcel("e1", kind=Kind.EDIT, message="m", ask="finding f1"))
        await found.settled()
        found.put(parcel("e2", kind=Kind.EDIT, message="m", ask="finding f1"))
        await found.settled()

    assert [one.payload["text"] for one in found.platform.messages] == ["claimed"]
    assert list(found.store.views.values()) == [("finding f1", ("f-finding f1",))]


@on_virtual_time
async def test_a_paused_workspace_loses_nothing_and_goes_on_by_itself() -> None:
    async with desk() as found:
        found.platform.script["*"].extend(Paused("token_revoked") for _ in range(10))
        found.put(*(parcel(f"p{number}", f"C{number}") for number in range(10)))
        await asyncio.sleep(1)
        tried = len(found.platform.sends)
        await asyncio.sleep(50)
        assert len(found.platform.sends) == tried
        await found.settled()

    assert sorted(found.platform.said()) == sorted(f"p{number}" for number in range(10))


@on_virtual_time
async def test_what_is_undeliverable_is_parked_with_its_reason() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Undeliverable("the channel is archived"))
        found.put(parcel("p1"), parcel("p2"))
        await found.settled()

    assert found.states() == {"p1": "failed", "p2": "sent"}
    assert found.store.outbox["p1"].why == "the channel is archived"


@on_virtual_time
async def test_who_waits_for_an_answer_that_cannot_be_posted_is_told_why() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Undeliverable("Pitcrew is not in this channel"))
        found.put(parcel("p1", priority=Priority.REPLY, user="U1"))
        await found.settled()

    [(_, _), (_, regret)] = found.platform.sends
    assert (regret.kind, regret.place.user) == (Kind.PRIVATE, "U1")
    assert "Pitcrew is not in this channel" in str(regret.payload["parts"])


@on_virtual_time
async def test_an_error_that_nobody_knows_is_tried_five_times_and_parked() -> None:
    async with desk() as found:
        found.platform.script["slack:T1:C1"].extend(ValueError("eh?") for _ in range(9))
        found.put(parcel("p1"), parcel("p2", "C2"))
        await found.settled()

    assert found.states() == {"p1": "failed", "p2": "sent"}
    assert len(found.platform.sends) == 6
    assert found.store.outbox["p1"].why == "ValueError: eh?"


@on_virtual_time
async def test_a_post_that_arrived_before_an_unknown_error_is_not_repeated() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Taken(KeyError("ts")))
        found.put(parcel())
        await found.settled()

    assert found.platform.said() == ["p1"]


@on_virtual_time
async def test_a_database_that_is_away_stops_nothing_for_good() -> None:
    async with desk() as found:
        found.put(parcel("p1"))
        found.store.broken = True
        await asyncio.sleep(60)
        found.store.broken = False
        await found.settled()

    assert found.platform.said() == ["p1"]


@on_virtual_time
async def test_what_may_have_arrived_and_must_not_twice_waits_for_a_person() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Taken(Held("it may have arrived")))
        found.put(parcel(), parcel("p2"))
        await found.settled()

    assert found.states() == {"p1": "held", "p2": "sent"}
    assert found.store.outbox["p1"].why == "it may have arrived"


@on_virtual_time
async def test_a_platform_may_want_more_time_between_two_messages() -> None:
    async with desk() as found:
        found.courier.slower = {"slack": 2.0}
        found.put(parcel("p1"), parcel("p2"), parcel("p3"))
        await found.settled()

    assert all(later - earlier >= 2.0 for earlier, later in pairwise(seconds_of(found)))


@on_virtual_time
async def test_an_unclear_post_stays_unclear_when_it_is_put_off_afterwards() -> None:
    async with desk() as found:
        found.platform.script["*"].extend([Unclear("cut"), Later(5, "slow down"), Taken()])
        found.put(parcel())
        await found.settled()

    assert found.platform.finds[:2] == ["p1", "p1"]
    assert found.platform.said() == ["p1"]


@on_virtual_time
async def test_stopping_finishes_what_is_under_way() -> None:
    async with desk() as found:
        found.platform.script["*"].append(Taken(seconds=5))
        found.put(parcel())
        await asyncio.sleep(1)
        await found.courier.stop()

    assert found.states() == {"p1": "sent"}


@on_virtual_time
async def test_stopping_gives_back_what_waits_for_its_turn() -> None:
    async with desk() as found:
        found.put(*(parcel(f"p{number}", f"C{number}") for number in range(5)))
        await asyncio.sleep(0.15)
        await found.courier.stop()

        assert "leased" not in found.store.counts() and "sent" in found.states().values()
        assert not any(row.parcel.unclear for row in found.store.outbox.values())


def test_every_kind_of_delivery_error_is_met_above() -> None:
    assert {one.__name__ for one in DeliveryError.__subclasses__()} == {
        "Later",
        "Unclear",
        "Undeliverable",
        "Gone",
        "Paused",
        "Held",
    }
