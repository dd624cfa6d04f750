"""Where the bot keeps what it knows, for how long, and who answers questions to it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bot.sections.section import Section


class StateSection(Section):
    """The small state database."""

    url: str = Field("sqlite", description="'sqlite' (a file in data.folder, one process) or postgresql+psycopg://…")


class DataSection(Section):
    """Where files are kept."""

    folder: Path = Field(Path("pitcrew-data"), description="Billed rows, the state file and caches live here.")


class RetentionSection(Section):
    """How long the state database remembers, in days; what is older goes every night."""

    audit: int = Field(400, ge=1, description="Who asked what, and how it ended.")
    inbox: int = Field(30, ge=2, description="Asks that are answered: a copy of one is known for so long.")
    outbox: int = Field(90, ge=7, description="Messages that were delivered or given up, and their pictures.")
    runs: int = Field(400, ge=60, description="Assessments, and the turns of schedules.")


class LakeSection(Section):
    """Where billed rows are asked."""

    url: str = Field("duckdb://", description="The engine that answers; docs/engines.md has one of each kind.")
    memory: str = Field(
        "",
        pattern=r"^([0-9]+(MB|GB))?$",
        description="What DuckDB may hold (4GB); it spills beyond. Empty: 80% of all.",
    )
