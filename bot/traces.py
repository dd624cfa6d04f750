"""Traces: request, run, provider call and delivery of one ask, told to OpenTelemetry where somebody wants them.

The trace of an ask follows from its key, so that whichever process takes it up, and whichever delivers, tells of the
same one; the outbox carries it. No span names a person, a channel, an account or an amount. ``OTEL_…`` variables of
the environment say where they go; without ``OTEL_EXPORTER_OTLP_ENDPOINT`` nothing is made at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from analysis.errors import BadConfig

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NANO = 1_000_000_000
_root: ContextVar[tuple[int, int] | None] = ContextVar("root", default=None)
_telling: list[Tracer] = []  # none where nobody listens
_reading: list[SpanContext] = []  # the span for which the clouds are asked, by threads that know of none


def trace_of(key: str) -> str:
    """The trace of an ask, as 32 hexadecimal digits."""
    return sha256(f"trace {key}".encode()).hexdigest()[:32]


@contextmanager
def told(environ: Mapping[str, str], exporter: SpanExporter | None = None) -> Iterator[None]:
    """Tell spans for as long as the context lasts, if the environment says where to, or an ``exporter`` is given.

    Raises:
        BadConfig: they are wanted, and the extra is not installed.
    """
    if exporter is None and not any(environ.get(name) for name in ENDPOINTS):
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    except ImportError:
        wanted = next(name for name in ENDPOINTS if environ.get(name))
        raise BadConfig(f"{wanted} is set: install what sends traces, pip install 'finops-pitcrew[otel]'") from None

    class Ids(RandomIdGenerator):
        """The first span of an ask has the ids that follow from its key; all others are made up."""

        def generate_trace_id(self) -> int:
            known = _root.get()
            return known[0] if known else super().generate_trace_id()

        def generate_span_id(self) -> int:
            known = _root.get()
            return known[1] if known else super().generate_span_id()

    provider = TracerProvider(id_generator=Ids(), resource=Resource.create({"service.name": "pitcrew"}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    _telling.append(provider.get_tracer("pitcrew"))
    try:
        yield
    finally:
        _telling.clear()
        provider.shutdown()


@contextmanager
def request(trace: str, **attributes: str | int) -> Iterator[None]:
    """The first span of a trace: somebody asks."""
    if not _telling:
        yield
        return
    from opentelemetry.context import Context

    token = _root.set(_ids(trace))
    try:
        span = _telling[0].start_span("request", Context(), attributes=attributes)
    finally:
        _root.reset(token)
    try:
        yield
    finally:
        span.end()


@contextmanager
def span(name: str, trace: str = "", **attributes: str | int) -> Iterator[None]:
    """A span under the request of ``trace``; of none, where there is none."""
    if not _telling:
        yield
        return
    with _telling[0].start_as_current_span(name, _under(trace) if trace else None, attributes=attributes):
        yield


@contextmanager
def reading() -> Iterator[None]:
    """Inside, what the clouds are asked is asked for the span that is current here, in whatever thread."""
    if not _telling:
        yield
        return
    from opentelemetry.trace import get_current_span

    _reading.append(get_current_span().get_span_context())
    try:
        yield
    finally:
        _reading.pop()


def provider_call(provider: str, op: str, code: str, seconds: float) -> None:
    """One try at a cloud, that has just come to its end."""
    if not _telling:
        return
    from opentelemetry.trace import NonRecordingSpan, get_current_span, set_span_in_context

    here = None
    if not get_current_span().get_span_context().is_valid and _reading:
        here = set_span_in_context(NonRecordingSpan(_reading[-1]))
    now = time.time_ns()
    attributes = {"provider": provider, "op": op, "code": code}
    _telling[0].start_span("provider call", here, attributes=attributes, start_time=now - int(seconds * NANO)).end(now)


def _ids(trace: str) -> tuple[int, int]:
    return int(trace, 16), int(sha256(trace.encode()).hexdigest()[:16], 16)


def _under(trace: str) -> Context:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    known: Any = SpanContext(*_ids(trace), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(known))
