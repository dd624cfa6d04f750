"""Maturity: the score of each domain as a bar of 100, and the months behind it."""

from __future__ import annotations

from analysis.maturity import Domain, Score
from analysis.money import DEFAULT_LOCALE
from charts import style
from charts.picture import Picture, drawn_once


@drawn_once
def maturity(found: Score, *, locale: str = DEFAULT_LOCALE) -> Picture:
    """Draw the four domains, each from 0 to 100; those that could not be measured say so."""
    months = ", ".join(f"{style.short_month(month.start, locale)} {points}" for month, points in found.history[-5:])
    figure, axes = style.card(
        f"FinOps maturity: {found.total} of 100", f"before: {months}" if months else "", right=0.9
    )
    places = list(range(len(Domain)))[::-1]
    axes.set_xlim(0, 100)
    axes.set_ylim(-0.6, len(Domain) - 0.4)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.barh(places, [100] * len(places), height=0.5, color=style.FAINT, zorder=1)
    for place, domain in zip(places, Domain, strict=True):
        points = found.of(domain)
        axes.barh([place], [points or 0], height=0.5, color=_colour(points), zorder=2)
        words = f"{points}" if points is not None else "not measured"
        style.label(axes, 101.5, place, words, va="center", clip_on=False, weight="bold")
    style.ticks(axes, "y", places, [domain.value for domain in Domain])
    return style.picture(figure, described(found, locale=locale), "score")


def described(found: Score, *, locale: str = DEFAULT_LOCALE) -> str:
    """The picture in words."""
    domains = "; ".join(
        f"{domain.value} {found.of(domain) if found.of(domain) is not None else 'not measured'}" for domain in Domain
    )
    months = "; ".join(f"{style.month(month.start, locale)} {points}" for month, points in found.history)
    return f"FinOps maturity {found.total} of 100: {domains}.{f' Before: {months}.' if months else ''}"


def _colour(points: int | None) -> str:
    if points is None or points < 34:  # noqa: PLR2004 (crawl)
        return style.ORANGE
    return style.SKY if points < 67 else style.BLUE  # noqa: PLR2004 (walk, run)
