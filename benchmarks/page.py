"""docs/benchmarks.md: what was measured, on which machine, and how time and memory grow with the rows."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.ticker import FuncFormatter

from benchmarks.row import Row, table
from charts import style

DOCS = Path(__file__).parents[1] / "docs"
TITLES = {
    "scale": "Rows: load, assessment, questions",
    "series_at_scale": "Thousands of series",
    "chat_latency": "How long an answer takes",
    "acknowledgement": "How long Slack waits",
    "fan_out": "Many channels",
    "aws_assessment": "A whole AWS assessment",
    "azure_assessment": "A whole Azure assessment",
}


@dataclass
class Found:
    """Everything that one run measured."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    load: float = field(default_factory=lambda: os.getloadavg()[0])  # of the machine, when it began


def written(found: Found, about: Mapping[str, str], docs: Path = DOCS) -> None:
    """Write the page and its pictures."""
    whole = [row for rows in found.rows.values() for row in rows]
    kept, judged = sum(row.held is True for row in whole), sum(row.held is not None for row in whole)
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`, which anybody can run: all figures are of one run on the machine named here, and",
        "what they are compared with ran beside them. `python -m benchmarks scale` runs one part; how good forecasts",
        "are, and how well anomalies are found, is `python -m benchmarks forecast_accuracy anomaly_recall`.",
        "",
        f"{machine()}; its load average was {found.load:.1f} when this began (above 1, others",
        f"were at work, and times are too long). {kept} of {judged} goals kept; one that is missed says NO.",
    ]
    lines += [line for name, rows in found.rows.items() for line in _part(name, about[name], table(rows), rows, docs)]
    for name, text in found.tables.items():
        lines += _part(name, about[name], iter(["```", *text.strip().splitlines(), "```"]), (), docs)
    (docs / "benchmarks.md").write_text("\n".join(lines) + "\n", "utf-8")


def machine() -> str:
    """Where it ran, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    said = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory"
    return f"{said}, Python {platform.python_version()}"


def _part(name: str, about: str, lines: Iterator[str], rows: Sequence[Row], docs: Path) -> Iterator[str]:
    yield from ("", f"## {TITLES[name]}", "", about, "", *lines)
    for what, file, unit in (
        ("files to assessment", "bench-time", "Seconds"),
        ("most memory", "bench-memory", "Gigabytes"),
    ):
        points = [(row.rows, row.ours) for row in rows if row.what.startswith(what) and row.rows]
        if len(points) > 1:
            (docs / "pictures" / f"{file}.png").write_bytes(growth(points, f"{what.capitalize()} by billed rows", unit))
            shown = ", ".join(f"{ours:.3g} at {count / 1e6:g}M" for count, ours in points)
            yield from ("", f"![{unit} by billed rows, both in powers of ten: {shown}](pictures/{file}.png)")


def growth(points: Sequence[tuple[int, float]], title: str, unit: str) -> bytes:
    """Measurements by rows, both axes logarithmic; beside them what grows exactly as the rows do."""
    figure, axes = style.card(title, f"{unit}; the grey line grows as the rows do")
    counts, values = zip(*points, strict=True)
    scaled = [values[0] * count / counts[0] for count in counts]
    axes.loglog(counts, scaled, color=style.MUTED, linewidth=2, linestyle=":")
    axes.loglog(counts, values, "o-", color=style.BLUE, linewidth=3, markersize=9)
    axes.set_xticks(counts, [f"{count / 1e6:g}M" for count in counts])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:g}"))
    axes.minorticks_off()
    for count, value in points:
        style.label(axes, count, value / 1.35, f"{value:.3g}", ha="center", va="top")
    axes.margins(0.12, 0.3)
    return style.picture(figure, title, "growth").png
