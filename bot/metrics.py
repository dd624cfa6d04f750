"""Figures for whoever runs Pitcrew: counted where things happen, read by Prometheus on the admin port.

No label names a channel, a person or a resource, so the number of series does not grow with the company.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)  # Slack waits three seconds
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)

REQUESTS = Counter(
    "pitcrew_requests", "Asks that came in.", ("platform", "kind", "result"), registry=REGISTRY
)  # kind: typed, clicked, clock; result: new, copy, not_saved
ACK_SECONDS = Histogram(
    "pitcrew_ack_seconds", "From an ask's arrival to its row in the inbox.", registry=REGISTRY, buckets=QUICK
)
ANSWER_SECONDS = Histogram(
    "pitcrew_answer_seconds", "From taking an ask up to closing it.", registry=REGISTRY, buckets=SLOW
)
CLICKS = Counter("pitcrew_clicks", "Buttons that were answered.", ("outcome",), registry=REGISTRY)
SIGNATURE_FAILURES = Counter("pitcrew_signature_failures", "Requests that were not who they said.", registry=REGISTRY)

DELIVERIES = Counter("pitcrew_deliveries", "Attempts to deliver.", ("platform", "result"), registry=REGISTRY)
LEASES_LOST = Counter(
    "pitcrew_lease_lost", "Parcels that somebody else had leased when they were delivered.", registry=REGISTRY
)
TWINS = Counter("pitcrew_twins_withdrawn", "Late twins of a message that were taken back.", registry=REGISTRY)
OUTBOX_PENDING = Gauge("pitcrew_outbox_pending", "Messages that wait to be delivered.", registry=REGISTRY)
OUTBOX_OLDEST = Gauge("pitcrew_outbox_oldest_seconds", "How long the oldest of them is due.", registry=REGISTRY)
OUTBOX_UNCLEAR = Gauge("pitcrew_outbox_unclear", "Messages that may have arrived, or not.", registry=REGISTRY)
OUTBOX_FAILED = Gauge("pitcrew_outbox_failed", "Messages that were given up.", registry=REGISTRY)

FIRES = Counter("pitcrew_fires", "Turns of schedules.", ("result",), registry=REGISTRY)  # fired, late, new, error
SCHEDULE_LAG = Gauge("pitcrew_schedule_lag_seconds", "How late the latest turn was, or still is.", registry=REGISTRY)
RUNS = Counter("pitcrew_runs", "Assessments.", ("result",), registry=REGISTRY)  # started, finished
LAST_RUN = Gauge("pitcrew_last_run_timestamp_seconds", "When the last assessment ended well.", registry=REGISTRY)
UNREAD = Gauge("pitcrew_accounts_unread", "What the last assessment could not read.", registry=REGISTRY)

PROVIDER_CALLS = Counter(
    "pitcrew_provider_calls",
    "Requests to clouds since the start, each try by itself.",
    ("provider", "op", "code"),
    registry=REGISTRY,
)  # code: an HTTP status (429 for throttling, whatever the cloud calls it), or broken
PROVIDER_SPEND = Counter(
    "pitcrew_provider_spend_usd", "Asking Cost Explorer since the start, 0.01 USD each.", registry=REGISTRY
)
DB_SECONDS = Histogram(
    "pitcrew_db_tx_seconds", "Transactions of the state database.", ("kind",), registry=REGISTRY, buckets=QUICK
)
DB_ERRORS = Counter("pitcrew_db_errors", "Transactions that the state database did not take.", registry=REGISTRY)
READY = Gauge("pitcrew_ready", "Whether a part is ready.", ("part",), registry=REGISTRY)


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how long the inside takes, however it ends."""
    began = perf_counter()
    try:
        yield
    finally:
        histogram.observe(perf_counter() - began)
