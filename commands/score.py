"""``/finops score``: how mature the practice is, from 0 to 100, why, and what would add the most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.errors import BadAsk
from analysis.maturity import MEASURES, Domain, Point, Score
from charts.picture import Picture
from commands.core.answer import Answer, Button, Buttons, Chart, Note, Part, Plot, Table, Text, Tone
from commands.core.context import Context
from commands.core.registry import Group, command

RUNS, WALKS = 67, 34


@command("score", group=Group.CREW, examples=("score", "score how"))
def score(context: Context, which: str = "") -> Answer:
    """Score the FinOps practice from 0 to 100, with what would add the most points and what that is worth.

    Every indicator is measured from the bill and from what was done here; what cannot be measured is left out. how
    shows the weights, the scales and their sources.
    """
    if which == "how":
        return _how()
    if which:
        raise BadAsk(f"score has no view {which!r}; write score, or score how")
    found = context.assessments.latest(context.now)
    made = found.score
    if made is None or not made.points:
        return Answer("No score yet", (Text("Nothing could be measured; load billed rows first: assess."),), Tone.WARN)
    return Answer(
        said_score(made),
        (
            Text("\n".join(steps(made)) or "Every indicator is at its best. Well driven."),
            Chart(_picture(made, context.report.locale), _plot(made)),
            _table(made),
            Buttons((*_helps(made), Button("How it is counted", "score how"))),
            *_unmeasured(made),
            Note(f"{found.freshness.said()}."),
        ),
        _tone(made),
        data=figures(made),
    )


def said_score(made: Score) -> str:
    """The score and why, in a sentence."""
    strong = max(made.points, key=lambda one: (one.won / one.possible, one.possible))
    weak = made.next_steps(1)
    last = made.history[-1][1] if made.history else None
    change = f", {made.total - last:+d} since last month" if last is not None and made.total != last else ""
    but = f"; {weak[0].measure.name.lower()} holds it back" if weak else ""
    return f"FinOps maturity {made.total} of 100{change}: strong in {strong.measure.name.lower()}{but}"


def steps(made: Score) -> list[str]:
    """What would add the most, in words."""
    lines = []
    for number, one in enumerate(made.next_steps(), 1):
        worth = f", worth {one.worth}" if one.worth else ""
        lines.append(f"{number}. **{one.measure.name}**: {one.said()}. Up to {one.missing:.0f} points more{worth}.")
    return lines


def figures(made: Score) -> dict[str, Any]:
    """A score as data."""
    return {
        "score": made.total,
        "domains": {str(domain): made.of(domain) for domain in Domain},
        "indicators": [
            {
                "key": one.key,
                "name": one.measure.name,
                "value": round(one.value, 4),
                "won": round(one.won, 2),
                "possible": round(one.possible, 2),
                "worth": one.worth,
            }
            for one in made.points
        ],
        "next": [one.key for one in made.next_steps()],
        "unmeasured": list(made.unmeasured),
        "history": [{"month": month.start, "score": points} for month, points in made.history],
    }


def _helps(made: Score) -> list[Button]:
    """The commands that help with the next steps, those that only look."""
    return [Button(one.measure.name, one.measure.helps) for one in made.next_steps() if one.measure.helps != "assess"]


def _table(made: Score) -> Table:
    rows = tuple(
        (one.measure.name, _value(one), f"{one.won:.0f} of {one.possible:.0f}")
        for one in sorted(made.points, key=lambda one: -one.missing)
    )
    return Table(("Indicator", "Now", "Points"), rows, numbers=(1, 2))


def _value(one: Point) -> str:
    return f"{one.value:.0%}" if one.measure.is_share else f"{one.value:.0f}"


def _unmeasured(made: Score) -> Sequence[Part]:
    if not made.unmeasured:
        return ()
    return (Note(f"Not measured, and left out of the weights: {', '.join(made.unmeasured)}."),)


def _tone(made: Score) -> Tone:
    return Tone.GOOD if made.total >= RUNS else Tone.CALM if made.total >= WALKS else Tone.WARN


def _plot(made: Score) -> Plot | None:
    """The domains as figures; none while one of them could not be measured, which no bar says."""
    points = [made.of(domain) for domain in Domain]
    known = [float(one) for one in points if one is not None]
    if len(known) < len(points):
        return None
    return Plot(
        f"FinOps maturity: {made.total} of 100", [str(one) for one in Domain], (("of 100", known),), "of 100", "bars"
    )


def _picture(made: Score, locale: str) -> Picture:
    from charts.maturity import maturity  # matplotlib is half of the bot's start

    return maturity(made, locale=locale)


def _how() -> Answer:
    lines = []
    for one in MEASURES.values():
        scale = ", ".join(f"{value:.0%}" if one.is_share else f"{value:.0f}" for value, _ in one.scale)
        parts = ", ".join(f"{part:.0%}" for _, part in one.scale)
        lines.append(f"**{one.name}** ({one.weight}): {scale} win {parts} of its points. {one.source}.")
    return Answer(
        "How maturity is counted",
        (
            Text(
                "Each indicator wins its weight times its scale, linearly between the steps; what cannot be measured is"
                " left out and the other weights are scaled to 100."
            ),
            *(Text("\n".join(lines[at : at + 5])) for at in range(0, len(lines), 5)),
        ),
        data={
            "measures": [
                {"key": key, "weight": one.weight, "scale": [list(step) for step in one.scale], "source": one.source}
                for key, one in MEASURES.items()
            ]
        },
    )
