"""The page over HTTP: what a visitor sees and does, and what nobody else can."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from analysis.errors import BadConfig
from analysis.findings import State
from bot.web.demo import Address
from tests.conftest import Talk
from tests.walks.page_visitor import PageWalk, Seen, page_walk


@pytest.fixture
async def walk(assessed: Talk) -> AsyncIterator[PageWalk]:
    async with page_walk(assessed.crew) as found:
        yield found


async def test_a_newcomer_is_welcomed_with_three_things_to_try(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    [welcome] = await visitor.messages()
    assert "Three things to try" in welcome.words
    assert len(welcome.buttons) >= 3
    for number in ("1. ", "2. ", "3. "):
        assert number in welcome.words


async def test_a_slash_command_is_answered_for_its_asker_alone_with_a_chart(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    assert (await one.type("/finops forecast", "finops")).status == 204
    said = await one.answer("finops", after=1)

    assert said.private and "expected at month end" in next(iter(said.pictures))
    async with one.client.get(one.where + next(iter(said.pictures.values())).lstrip("/")) as picture:
        assert picture.content_type == "image/png" and (await picture.read()).startswith(b"\x89PNG")
    assert await other.messages("finops") == []


async def test_a_mention_is_answered_in_its_thread_for_everybody(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    await one.type("@Pitcrew status", "finops")
    [root] = await one.messages("finops")
    [said] = await other.until(lambda found: found, "finops", root.id)

    assert not said.private and "Last assessment" in said.words
    [seen] = await other.messages("finops")
    assert "1 reply" in seen.words


async def test_what_is_not_meant_for_pitcrew_is_left_alone_with_a_hint(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    await visitor.type("forecast team=search", "finops")
    hint = await visitor.answer("finops", after=1)

    assert hint.private and "/finops" in hint.words
    await visitor.press(hint, "/finops forecast team=search")
    said = await visitor.until(lambda found: found[2:], "finops")
    assert "team search" in said[0].words


async def test_what_is_subscribed_to_in_the_direct_message_is_ones_own(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    await visitor.type("subscribe weekly 09:10")
    await visitor.until(lambda found: any("Subscribed" in one.words for one in found))
    [kept] = walk.crew.state.subscriptions.all()
    assert (kept.here.conversation, kept.here.alone, bool(kept.here.user)) == ("", True, True)


async def test_share_shows_it_to_the_channel(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    await one.type("/finops waste", "platform")
    await one.press(await one.answer("platform", after=1), "Share to channel")
    [shared] = await other.until(lambda found: found, "platform")
    assert "a month" in shared.words and not shared.private


async def test_a_claim_changes_both_places_and_the_loser_is_told(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    finding = walk.crew.state.findings.standing(State.OPEN)[0]
    for slug in ("platform", "finops"):
        await one.type(f"@Pitcrew finding {finding.short}", slug)
    roots = {slug: (await one.messages(slug))[0].id for slug in ("platform", "finops")}
    [card] = await one.until(lambda found: found, "platform", roots["platform"])
    [stale] = await other.until(lambda found: found, "finops", roots["finops"])
    await one.press(card, "Claim")

    def claimed(found: list[Seen]) -> bool:
        return "claimed by Sam" in found[0].words

    for slug, root in roots.items():
        await one.until(claimed, slug, root)
        await other.until(claimed, slug, root)
    await other.press(stale, "Claim")
    regret = await other.until(lambda found: found[1:], "finops", roots["finops"])
    assert regret[0].private and "already claimed by Sam" in regret[0].words


async def test_a_private_card_is_changed_where_it_stands(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    finding = walk.crew.state.findings.standing(State.OPEN)[0]
    await visitor.type(f"/finops finding {finding.short}", "platform")
    card = await visitor.answer("platform", after=1)
    await visitor.press(card, "Claim")
    await visitor.until(lambda found: "claimed by Sam" in found[-1].words, "platform")
    assert [one.id for one in await visitor.messages("platform")][-1] == card.id


async def test_what_is_filled_in_is_one_word_whatever_it_holds(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    [welcome] = await visitor.messages()
    await visitor.post("ask", message=welcome.id, ask="budget", **{"field.nothing": 'a; b\' "c" = d'})
    said = await visitor.answer(after=1)
    assert "budget" in said.words


async def test_panels_are_redrawn_in_place_by_their_drop_downs(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    await visitor.type("units panel", "pitcrew")
    panel = await visitor.answer(after=2)
    before = await visitor.messages()
    await visitor.press(panel, "Customers")
    [*_, changed] = await visitor.until(lambda found: found if "A customer cost" in found[-1].words else None)
    assert {"metric", "by", "months"} <= changed.fields
    await visitor.press(changed, "Choose", metric="orders", by="service", months="3")
    await visitor.until(lambda found: "Per order" in found[-1].words)
    assert [one.id for one in await visitor.messages()] == [one.id for one in before]


async def test_documents_are_handed_over_and_never_shown_as_pages(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    await visitor.type("chargeback")
    said = await visitor.answer(after=2)
    link = next(address for name, address in said.links.items() if name.endswith(".csv"))
    async with visitor.client.get(visitor.where + link.lstrip("/")) as document:
        assert document.status == 200
        assert document.headers["Content-Disposition"].startswith("attachment")
        assert "default-src 'self'" in document.headers["Content-Security-Policy"]


async def test_home_is_ones_own_and_drawn_anew(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    await one.page("home")
    [mine] = await one.until(lambda found: found, "home")
    assert "How you like it" in mine.words
    assert all(seen.id != mine.id for seen in await other.messages("home"))


async def test_the_same_answer_is_shown_as_slack_and_teams_would(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    await visitor.type("waste")
    await visitor.answer(after=2)
    for look, kept in (("slack", "blocks"), ("teams", "card")):
        assert (await visitor.post("look", look=look, back="/c/pitcrew")).status == 200
        said = (await visitor.messages())[-1]
        assert said.buttons["1. Show"].startswith(("finding ", "card "))
        json_address = next(address for address in said.links.values() if address.endswith(".json"))
        async with visitor.client.get(visitor.where + json_address.lstrip("/")) as payload:
            assert json.loads(await payload.text())[kept]


async def test_completion_knows_commands_options_and_names_of_the_bill(walk: PageWalk) -> None:
    visitor = await walk.visitor()

    async def offered(text: str) -> list[str]:
        async with visitor.client.get(f"{visitor.where}complete", params={"text": text}) as said:
            return [one["text"] for one in await said.json()]

    assert "/finops forecast " in await offered("/finops fore")
    assert "forecast months=" in await offered("forecast mon")
    assert "/finops forecast team=" in await offered("/finops forecast te")
    assert "/finops forecast team=search " in await offered("/finops forecast team=se")
    assert '/finops forecast service="AWS Lambda" ' in await offered("/finops forecast service=lamb")
    assert "summary finance " in await offered("summary fi")
    dearest = walk.crew.state.findings.standing(State.OPEN)[0]
    assert f"claim {dearest.short} " in await offered("claim ")
    assert await offered("nonsense at=") == []


async def test_another_sites_name_for_this_machine_is_refused(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    for host in (
        "attacker.example",
        "attacker.example:80",
        "127.0.0.1.attacker.example",
        "192.168.1.7",
        "@localhost:x",
    ):
        async with visitor.client.get(visitor.where, headers={"Host": host}) as said:
            assert said.status in {400, 403}, host
    async with visitor.client.get(visitor.where, headers={"Host": "localhost:1234"}) as said:
        assert said.status == 200


async def test_others_reach_it_by_its_address_where_that_is_allowed_and_by_no_name(assessed: Talk) -> None:
    async with page_walk(assessed.crew, others=True) as walk:
        visitor = await walk.visitor()
        for host, status in (("192.168.1.7:8765", 200), ("attacker.example", 403)):
            async with visitor.client.get(visitor.where, headers={"Host": host}) as said:
                assert said.status == status


def test_it_is_served_to_this_machine_alone_unless_others_are_meant() -> None:
    with pytest.raises(BadConfig, match="--allow-others"):
        Address(host="0.0.0.0")  # noqa: S104 (refused)
    assert Address(host="0.0.0.0", others=True).port is None  # noqa: S104 (meant)


async def test_nothing_is_done_without_the_token_of_ones_own_page(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    right = one.token
    for token in ("", "wrong", other.token, "é"):
        one.token = token
        assert (await one.post("ask", conversation="finops", text="/finops status")).status == 403
        assert (await one.post("clock", days="1")).status == 403
        assert (await one.post("look", look="slack")).status == 403
    foreign = {"X-Token": right, "Origin": "http://attacker.example"}
    body = {"conversation": "finops", "text": "/finops status", "nonce": "1"}
    async with one.client.post(f"{one.where}ask", data=body, headers=foreign) as said:
        assert said.status == 403
    assert await one.messages("finops") == []


async def test_nobody_reads_or_presses_what_only_another_sees(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    await one.type("/finops waste", "finops")
    secret = await one.answer("finops", after=1)
    await other.page()
    assert (await other.press(secret, "1. Show")).status == 404
    async with other.client.get(f"{other.where}message/{secret.id}/slack.json") as said:
        assert said.status == 404


async def test_the_same_click_twice_is_one(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    [welcome] = await visitor.messages()
    for _ in range(2):
        await visitor.post("ask", message=welcome.id, ask="status", nonce="the same")
    await visitor.answer(after=1)
    await walk.working.settled()
    assert len(await visitor.messages()) == 2


async def test_news_come_as_they_happen_and_private_ones_only_to_whom_they_are_for(walk: PageWalk) -> None:
    one, other = await walk.visitor(), await walk.visitor()
    async with other.client.get(f"{other.where}events", params={"c": "#finops", "since": "0"}) as stream:
        await one.type("/finops status", "finops")
        await one.answer("finops", after=1)
        await one.type("@Pitcrew status", "finops")
        heard = ""
        while "Last assessment" not in heard:
            line = (await stream.content.readline()).decode()
            if line.startswith("data: "):
                news = json.loads(line.removeprefix("data: "))
                heard += "".join(message["html"] for message in news["messages"])
    assert "only you see this" not in re.sub(r"Welcome.*?</article>", "", heard, flags=re.DOTALL)
    assert "/finops status" not in heard


async def test_everything_comes_with_a_policy_that_fetches_nothing_from_elsewhere(walk: PageWalk) -> None:
    visitor = await walk.visitor()
    for path in ("c/pitcrew", "static/page.css", "static/page.js", "static/icon.svg", "c/nowhere", "static/../site.py"):
        async with visitor.client.get(visitor.where + path) as said:
            assert "default-src 'self'" in said.headers["Content-Security-Policy"]
            assert said.headers["X-Content-Type-Options"] == "nosniff"
            text = await said.text()
            assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
            assert "style=" not in text and "onclick" not in text
