"""Where a platform lets us speak, and whom it told us of: what Teams says once, and never again when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from bot.ports import Conversation, Person
from bot.state import schema
from bot.state.database import Database

conversation, person = schema.conversation, schema.person


class ConversationsTable:
    """The conversations and people that are known."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def met(self, found: Conversation) -> None:
        """Remember a conversation, which is active now; what is unknown of it keeps what was known."""
        self._kept(conversation, asdict(found) | {"active": True, "why": ""}, sure=("active", "why", "at"))

    def introduced(self, somebody: Person) -> None:
        """Remember somebody; what is unknown of them keeps what was known."""
        self._kept(person, asdict(somebody) | {"email": somebody.email.lower()}, sure=("at",))

    def lost(self, platform: str, tenant: str, name: str, why: str) -> None:
        """It takes nothing from us any more; ``name`` is its id, or its team's."""
        table = conversation.c
        gone = sa.update(conversation).where(
            table.platform == platform, table.tenant == tenant, sa.or_(table.id == name, table.team == name)
        )
        with self.database.writing() as connection:
            connection.execute(gone.values(active=False, why=why, at=self.database.now(connection)))

    def find(self, platform: str, tenant: str, name: str) -> Conversation | None:
        """The conversation of that id, or, for a channel, of that ``Team/Channel`` in whatever case."""
        table = conversation.c
        title = sa.func.lower(table.team_name + "/" + table.name)
        named = sa.or_(table.id == name, sa.and_(table.kind == "channel", title == name.lower()))
        return self._one(named, table.platform == platform, table.tenant == tenant)

    def personal(self, platform: str, tenant: str, user: str) -> Conversation | None:
        """The personal chat with somebody, if there is one."""
        table = conversation.c
        whose = (table.platform == platform, table.tenant == tenant, table.user == user, table.kind == "personal")
        return self._one(*whose)

    def known(self, platform: str) -> Sequence[Conversation]:
        """All of a platform, channels first, by name."""
        table = conversation.c
        wanted = sa.select(conversation).where(table.platform == platform)
        with self.database.reading() as connection:
            return [
                _conversation(row)
                for row in connection.execute(wanted.order_by(table.kind, table.team_name, table.name))
            ]

    def person(self, platform: str, tenant: str, user: str) -> Person | None:
        """Somebody, by their id."""
        table = person.c
        return self._somebody(table.platform == platform, table.tenant == tenant, table.id == user)

    def by_email(self, platform: str, email: str) -> Person | None:
        """Somebody, by their address, in whatever case it is written."""
        return self._somebody(person.c.platform == platform, person.c.email == email.strip().lower())

    def _kept(self, table: sa.Table, row: dict[str, Any], *, sure: tuple[str, ...]) -> None:
        """Enter a row, or bring the one of its key up to date: an empty word leaves what was there."""
        with self.database.writing() as connection:
            statement = self.database.insert(table).values(row | {"at": self.database.now(connection)})
            keys = [column.name for column in table.primary_key]
            newer = {
                column.name: statement.excluded[column.name]
                if column.name in sure
                else sa.func.coalesce(sa.func.nullif(statement.excluded[column.name], ""), column)
                for column in table.columns
                if column.name not in keys
            }
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer))

    def _one(self, *where: sa.ColumnElement[bool]) -> Conversation | None:
        wanted = sa.select(conversation).where(*where).order_by(conversation.c.active.desc(), conversation.c.at.desc())
        with self.database.reading() as connection:
            row = connection.execute(wanted.limit(1)).first()
        return _conversation(row) if row else None

    def _somebody(self, *where: sa.ColumnElement[bool]) -> Person | None:
        with self.database.reading() as connection:
            row = connection.execute(sa.select(person).where(*where).order_by(person.c.at.desc()).limit(1)).first()
        if row is None:
            return None
        return Person(row.platform, row.tenant, row.id, row.member, row.name, row.email, row.timezone, row.locale)


def _conversation(row: Any) -> Conversation:  # noqa: ANN401 (a row)
    kept = row._asdict()
    del kept["at"]
    return Conversation(**kept)
