"""The workspaces that installed Pitcrew, their tokens sealed; and the states of installations that are under way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

import sqlalchemy as sa

from bot.state import schema
from bot.state.database import Database

table, states = schema.installation, schema.oauth_state
STATE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Installation:
    """One workspace: its team, who the bot is there, and its token as it is kept, sealed."""

    team: str
    name: str
    bot_user: str
    bot: str
    token: bytes = field(repr=False)
    scopes: str = ""
    by: str = ""


class InstallationsTable:
    """One row a workspace; a state is good once, for ten minutes, and only its digest is kept."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def enter(self, one: Installation) -> None:
        """Remember a workspace, or its new token."""
        row = {
            "name": one.name,
            "bot_user": one.bot_user,
            "bot": one.bot,
            "token": one.token,
            "scopes": one.scopes,
            "by": one.by,
        }
        with self.database.writing() as connection:
            kept = row | {"at": self.database.now(connection)}
            statement = self.database.insert(table).values(kept | {"team": one.team})
            connection.execute(statement.on_conflict_do_update(index_elements=["team"], set_=kept))

    def all(self) -> Sequence[Installation]:
        """Every workspace, the first that installed it first."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.at, table.c.team))
            return [
                Installation(row.team, row.name, row.bot_user, row.bot, row.token, row.scopes, row.by) for row in rows
            ]

    def of(self, team: str) -> Installation | None:
        """That workspace's; ``None`` if it never installed it, or took it out."""
        return next((one for one in self.all() if one.team == team), None)

    def drop(self, team: str) -> bool:
        """Forget a workspace and its token; whether there was one."""
        with self.database.writing() as connection:
            gone = sa.delete(table).where(table.c.team == team).returning(table.c.team)
            return connection.execute(gone).first() is not None

    def resealed(self, reseal: Callable[[bytes], bytes]) -> None:
        """Seal every token anew, by the newest key."""
        for one in self.all():
            with self.database.writing() as connection:
                mine = sa.update(table).where(table.c.team == one.team, table.c.token == one.token)
                connection.execute(mine.values(token=reseal(one.token)))

    def issue(self) -> str:
        """A new state for somebody who begins to install."""
        state = secrets.token_urlsafe(32)
        with self.database.writing() as connection:
            now = self.database.now(connection)
            connection.execute(sa.delete(states).where(states.c.until <= now))
            connection.execute(sa.insert(states).values(digest=_digest(state), until=now + STATE_LASTS))
        return state

    def consume(self, state: str) -> bool:
        """Whether that state is good; afterwards it is not."""
        with self.database.writing() as connection:
            now = self.database.now(connection)
            gone = sa.delete(states).where(states.c.digest == _digest(state), states.c.until > now)
            return connection.execute(gone.returning(states.c.digest)).first() is not None


def _digest(state: str) -> str:
    return sha256(state.encode()).hexdigest()
