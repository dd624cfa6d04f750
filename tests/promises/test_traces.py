"""Traces: one ask is one trace, from its request to its delivery, and nothing in it tells of people or cost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from analysis.findings import State
from bot import traces
from tests.conftest import Talk
from tests.fake_slack import FakeSlack
from tests.walks.slack_crew import walk

TOLD = {"platform", "kind", "verb", "attempt", "provider", "op", "code"}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


async def test_an_ask_is_one_trace_from_its_request_to_its_delivery(talk: Talk, slack: FakeSlack) -> None:
    talk.ask("assess")
    finding = talk.crew.state.findings.standing(State.OPEN)[0]
    exporter = InMemorySpanExporter()
    with traces.told({}, exporter):
        async with walk(talk.crew, slack, "http") as walking:
            await slack.mention(f"finding {finding.short}")
            await walking.until(lambda: slack.ours("C1"))
            await walking.until(lambda: talk.crew.state.outbox.counts().get("sent"))
    spans = {one.name: one for one in exporter.get_finished_spans()}

    assert {"request", "run", "delivery"} <= spans.keys()
    contexts = [spans[name].get_span_context() for name in ("request", "run", "delivery")]
    assert len({one.trace_id for one in contexts if one}) == 1
    assert spans["request"].parent is None
    for name in ("run", "delivery"):
        parent = spans[name].parent
        assert parent is not None and contexts[0] is not None and parent.span_id == contexts[0].span_id
    assert spans["run"].attributes == {"verb": "finding", "attempt": 1}
    with talk.crew.state.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT trace FROM outbox WHERE state = 'sent'").scalars().all()
    assert contexts[0] is not None and f"{contexts[0].trace_id:032x}" in kept
    for one in exporter.get_finished_spans():
        assert set(one.attributes or {}) <= TOLD
        assert not {"U1", "C1", finding.short, finding.resource_name} & {
            str(said) for said in (one.attributes or {}).values()
        }


def test_what_a_cloud_is_asked_in_whatever_thread_belongs_to_the_run() -> None:
    exporter = InMemorySpanExporter()
    with traces.told({}, exporter), traces.span("run", traces.trace_of("k")), traces.reading():
        with ThreadPoolExecutor(1) as pool:
            pool.submit(traces.provider_call, "aws", "ec2:DescribeVolumes", "200", 0.5).result()
        traces.provider_call("azure", "Microsoft.ResourceGraph/resources", "429", 0.1)
    found: dict[Any, ReadableSpan] = {
        (one.name, *(one.attributes or {}).values()): one for one in exporter.get_finished_spans()
    }
    run = found["run",].get_span_context()
    calls = [one for one in found.values() if one.name == "provider call"]

    assert run is not None and len(calls) == 2
    assert all(one.parent is not None and one.parent.span_id == run.span_id for one in calls)
    aws = found["provider call", "aws", "ec2:DescribeVolumes", "200"]
    assert aws.end_time and aws.start_time and (aws.end_time - aws.start_time) == 500_000_000


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector of OpenTelemetry on loopback."""
    heard: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_spans_go_to_the_collector_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as (url, heard):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        with traces.told({"OTEL_EXPORTER_OTLP_ENDPOINT": url}), traces.request(traces.trace_of("k"), platform="slack"):
            pass
    said = ExportTraceServiceRequest.FromString(heard[0])
    [span] = said.resource_spans[0].scope_spans[0].spans

    assert (span.name, span.trace_id.hex()) == ("request", traces.trace_of("k"))


def test_without_an_address_nothing_is_made() -> None:
    with traces.told({}), traces.request(traces.trace_of("k")), traces.span("run"), traces.reading():
        traces.provider_call("aws", "ec2:DescribeVolumes", "200", 0.5)
        assert not traces._telling


@pytest.mark.slow
def test_without_the_extra_it_runs_and_whoever_wants_traces_is_told_what_is_missing() -> None:
    script = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "import bot.serve\n"
        "from bot import traces\n"
        "with traces.told({}), traces.span('run'): pass\n"
        "try:\n"
        "    traces.told({'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:1'}).__enter__()\n"
        "except traces.BadConfig as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "finops-pitcrew[otel]" in done.stdout, done.stderr[-500:]
