"""The tables, the same on SQLite and PostgreSQL. Money is decimal text with a currency; times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


class Utc(TypeDecorator[datetime]):
    """A moment with its zone, whatever the database makes of zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite has no zones."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """With its zone again."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Number = BigInteger().with_variant(Integer, "sqlite")

finding = Table(
    "finding",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("check", String(80), nullable=False),
    Column("title", Text, nullable=False),
    Column("provider", String(80), nullable=False),
    Column("cloud", String(20), nullable=False),
    Column("account", String(200), nullable=False),
    Column("region", String(80), nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("monthly_waste", String(60), nullable=False),  # decimal text: exact on every database
    Column("frees_commitment", String(60), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("remedy", JSON, nullable=False),
    Column("fix", JSON(none_as_null=True)),
    Column("state", String(20), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("owner_name", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Date),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
    Column("fixed_at", Utc),
    Column("mover", String(120)),
    Column("team", String(200)),
    Column("whose", String(320)),  # an e-mail address
    Column("why_whose", Text),
    Index(None, "state"),
)
history = Table(
    "history",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("finding", ForeignKey("finding.id"), nullable=False, index=True),
    Column("verb", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("by", String(120), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("version", Integer),  # that the step led to
    Column("was", JSON(none_as_null=True)),  # what it was before, where a person may take the step back
)
exemption = Table(
    "exemption",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("check", String(80), nullable=False),
    Column("resource_id", Text, nullable=False),  # in small letters; empty where it goes by a tag
    Column("tag", Text, nullable=False),  # key=value
    Column("why", Text, nullable=False),
    Column("until", Date, nullable=False),  # the day on which it is over
    Column("by", String(120), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("at", Utc, nullable=False),
    Column("ended_by", String(200), nullable=False),
    Column("ended_at", Utc),
)
link = Table(
    "link",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("of", String(40), nullable=False),  # a finding's id or an anomaly's
    Column("target", String(80), nullable=False),
    Column("key", String(200), nullable=False),  # what the other side calls it; empty while it is on its way
    Column("url", Text, nullable=False),
    Column("failed", Text, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "of", "target", unique=True),
)
silence = Table(
    "silence",  # who wants no reminders: a user, or team:<name>
    metadata,
    Column("whom", String(200), primary_key=True),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(400), nullable=False, unique=True),
    Column("caller", String(120), nullable=False, index=True),
    Column("ask", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("moved", String(40)),  # the finding, where the line was written by a move
    Column("at", Utc, nullable=False, index=True),
)
inbox = Table(
    "inbox",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(400), nullable=False, unique=True),
    Column("place", JSON, nullable=False),
    Column("user", String(120), nullable=False),
    Column("user_name", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("clicked", Boolean, nullable=False),
    Column("loud", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("locale", String(20), nullable=False),
    Column("timezone", String(60), nullable=False),
    Column("cancelled", String(200), nullable=False, server_default=text("''")),  # by whom
    Column("until", Utc),
    Column("done", Boolean, nullable=False),
    Index(None, "done", "number"),
)
outbox = Table(
    "outbox",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", String(500), nullable=False, unique=True),
    Column("place", JSON, nullable=False),
    Column("lane", String(300), nullable=False),
    Column("message", String(200), nullable=False),  # the message to edit; then the one that was sent
    Column("kind", String(20), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("ask", Text, nullable=False),
    Column("shows", JSON, nullable=False),
    Column("under", String(500), nullable=False, server_default=text("''")),  # the parcel whose thread it goes into
    Column("trace", String(32), nullable=False, server_default=text("''")),  # of the ask that caused it
    Column("state", String(20), nullable=False),  # pending, leased, sent, failed, held, superseded
    Column("attempt", Integer, nullable=False),
    Column("due", Utc, nullable=False),
    Column("until", Utc),
    Column("first_try", Utc),
    Column("unclear", Boolean, nullable=False),
    Column("was_unclear", Boolean, nullable=False),
    Column("swept", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Index(None, "state", "lane"),
)
lane = Table("lane", metadata, Column("name", String(300), primary_key=True), Column("until", Utc, nullable=False))
message = Table(
    "message",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("platform", String(20), nullable=False),
    Column("tenant", String(120), nullable=False),
    Column("conversation", String(200), nullable=False),
    Column("message", String(200), nullable=False),
    Column(
        "user", String(120), nullable=False, server_default=text("''")
    ),  # whose direct messages, where it is in those
    Column("ask", Text, nullable=False),
    Column("thread", String(200), nullable=False, server_default=text("''")),  # whose reply it is; empty for a root
    Index(None, "platform", "tenant", "conversation", "message", unique=True),
)
shown = Table(
    "shown",
    metadata,
    Column("message", ForeignKey("message.number"), primary_key=True),
    Column("finding", String(40), primary_key=True, index=True),
)
picture = Table(
    "picture",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("alt", Text, nullable=False),
    Column("png", LargeBinary, nullable=False),
    Column("at", Utc, nullable=False),
)
document = Table(
    "document",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("media", String(120), nullable=False),
    Column("said", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", Utc, nullable=False),
)
upload = Table(
    "upload",
    metadata,
    Column("platform", String(20), primary_key=True),
    Column("tenant", String(120), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("file", String(200), nullable=False),
)
verdict = Table(
    "verdict",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(400), nullable=False, unique=True),
    Column("event", String(40), nullable=False, index=True),
    Column("series", JSON, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("by", String(120), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("at", Utc, nullable=False, index=True),
)
preference = Table(
    "preference",
    metadata,
    Column("caller", String(120), primary_key=True),
    Column("timezone", String(60), nullable=False),
    Column("locale", String(20), nullable=False),
    Column("teams", JSON, nullable=False),
    Column("told_timezone", String(60), nullable=False),  # by their chat client
    Column("told_locale", String(20), nullable=False),
    Column("at", Utc, nullable=False),
)
installation = Table(
    "installation",
    metadata,
    Column("team", String(120), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("bot_user", String(120), nullable=False),
    Column("bot", String(120), nullable=False),
    Column("token", LargeBinary, nullable=False),  # sealed
    Column("scopes", Text, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Utc, nullable=False),
)
oauth_state = Table(
    "oauth_state",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", Utc, nullable=False),
)
saving = Table(
    "saving",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("finding", String(40), nullable=False, index=True),
    Column("status", String(20), nullable=False),
    Column("monthly", String(60), nullable=False),  # decimal text
    Column("currency", String(3), nullable=False),
    Column("line", JSON, nullable=False),  # the whole arithmetic, as it was entered
    Column("at", Utc, nullable=False),
)
alert = Table(
    "alert",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("key", String(400), nullable=False),  # what it is of: an event, a budget's period, a commitment, an account
    Column("state", String(20), nullable=False),  # open, closed
    Column("said", Text, nullable=False),
    Column("amount", String(60), nullable=False),  # decimal text
    Column("currency", String(3), nullable=False),
    Column("facts", JSON, nullable=False),  # its kind's own, as they were last seen
    Column("lines", JSON, nullable=False),  # what was said in its thread, each with its moment
    Column("opened", Utc, nullable=False),
    Column("changed", Utc, nullable=False),
    Column("closed", Utc),
    Column("version", Integer, nullable=False),
    Index(None, "state"),
)
told = Table(
    "told",
    metadata,
    Column("alert", ForeignKey("alert.id"), primary_key=True),
    Column("lane", String(300), primary_key=True),
    Column("place", JSON, nullable=False),
    Column("root", String(500), nullable=False),  # the parcel that tells it
    Column("day", String(10), nullable=False),
    Column("held", Boolean, nullable=False),  # in the day's summary, rather than in a message of its own
    Index(None, "lane", "day"),
)
subscription = Table(
    "subscription",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("rhythm", String(20), nullable=False),
    Column("ask", Text, nullable=False),
    Column("cron", String(100), nullable=False),
    Column("timezone", String(60), nullable=False),
    Column("quiet", String(20), nullable=False),
    Column("place", JSON, nullable=False),
    Column("by", String(120), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("at", Utc, nullable=False),
)
conversation = Table(
    "conversation",
    metadata,
    Column("platform", String(20), primary_key=True),
    Column("tenant", String(120), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("service_url", Text, nullable=False),
    Column("team", String(200), nullable=False),
    Column("team_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("user", String(120), nullable=False, index=True),
    Column("bot", String(200), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
person = Table(
    "person",
    metadata,
    Column("platform", String(20), primary_key=True),
    Column("tenant", String(120), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("member", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("email", String(320), nullable=False, index=True),
    Column("timezone", String(80), nullable=False),
    Column("locale", String(40), nullable=False),
    Column("at", Utc, nullable=False),
)
fire = Table(
    "fire",
    metadata,
    Column("schedule", String(200), primary_key=True),
    Column("label", String(40), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("started", Utc, nullable=False),
    Column("finished", Utc),
    Column("summary", JSON, nullable=False),
    Index(None, "started"),
)
