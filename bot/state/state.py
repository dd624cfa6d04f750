"""The state of one deployment: its tables, each behind the port that uses it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from analysis.errors import BadConfig
from bot.clock import Clock
from bot.state.alerts import AlertsTable
from bot.state.conversations import ConversationsTable
from bot.state.database import Database
from bot.state.exemptions import ExemptionsTable
from bot.state.findings import FindingsTable
from bot.state.inbox import InboxTable
from bot.state.installations import InstallationsTable
from bot.state.ledger import LedgerTable
from bot.state.links import LinksTable
from bot.state.outbox import OutboxTable
from bot.state.preferences import PreferencesTable
from bot.state.records import AuditTable, FiresTable, RunsTable
from bot.state.reminders import RemindersTable
from bot.state.subscriptions import SubscriptionsTable
from bot.state.upkeep import Upkeep
from bot.state.verdicts import VerdictsTable


class State:
    """Everything that is remembered between two asks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = OutboxTable(database)
        self.inbox = InboxTable(database, self.outbox)
        self.audit = AuditTable(database)
        self.findings = FindingsTable(database, self.audit, self.outbox)
        self.links = LinksTable(database, self.audit, self.outbox)
        self.reminders = RemindersTable(database)
        self.exemptions = ExemptionsTable(database, self.findings)
        self.fires = FiresTable(database, self.inbox)
        self.runs = RunsTable(database)
        self.alerts = AlertsTable(database, self.outbox)
        self.subscriptions = SubscriptionsTable(database)
        self.verdicts = VerdictsTable(database, self.alerts)
        self.ledger = LedgerTable(database)
        self.upkeep = Upkeep(database)
        self.installations = InstallationsTable(database)
        self.preferences = PreferencesTable(database, self.outbox)
        self.conversations = ConversationsTable(database)

    @classmethod
    def open(
        cls, url: str, clock: Clock, *, folder: Path | None = None, upgrade: bool = True, visiting: bool = False
    ) -> State:
        """Open, and bring the schema up to date unless ``upgrade`` is off.

        A visit (an operator's command) leaves the schema as it is, and shares SQLite with the bot that holds it.

        Raises:
            BadConfig: no such database, another process holds it, or its schema is behind and may not be upgraded.
        """
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        database = Database(url, clock, visiting=visiting)
        try:
            if upgrade and not visiting:
                database.upgrade()
            elif database.revision != database.newest:
                raise BadConfig(
                    f"the state database is at {database.revision}, this version needs {database.newest};"
                    " run pitcrew db upgrade"
                )
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def revision(self) -> str:
        """The schema that the database has."""
        return self.database.revision

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def __enter__(self) -> State:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
