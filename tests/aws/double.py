"""AWS on loopback: moto's server for what it can do, and a proxy before it that answers what moto lacks.

One address for all of boto3 (``AWS_ENDPOINT_URL``): answers of ours are checked against botocore's own models, so that
a wrong fixture fails at once; everything else goes on to moto. The proxy counts, delays and fails as it is told.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore.model import OperationModel, ServiceModel, Shape
from botocore.session import get_session
from botocore.validate import ParamValidator

ROOT = "123456789012"
SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
CLIENTS = {  # service ids of boto3, where the name that requests are signed with is another
    "ce": "ce",
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "es": "opensearch",
    "elasticmapreduce": "emr",
}
ERRORS = {
    "throttle": (400, "ThrottlingException", "Rate exceeded"),
    "error500": (500, "InternalFailure", "something broke"),
    "denied": (403, "AccessDenied", "not allowed"),
    "expired": (403, "ExpiredToken", "the security token included in the request is expired"),
    "no_data": (400, "DataUnavailableException", "no data"),
    "disabled_region": (403, "OptInRequired", "not subscribed to this service"),
}
SESSION = get_session()


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: ``parameters`` as botocore names them, where the protocol is JSON; form fields else."""

    service: str
    operation: str
    account: str
    region: str
    parameters: Mapping[str, Any]
    key: str = ""


Answer: TypeAlias = Mapping[str, Any] | Callable[[Request], Mapping[str, Any]]


@dataclass
class Fault:
    """What goes wrong, how often, and where."""

    kind: str
    times: int | None
    service: str
    operation: str | None = None
    account: str | None = None
    region: str | None = None

    def strikes(self, request: Request) -> bool:
        """Whether it is this request's turn."""
        wanted = (self.operation, self.account, self.region)
        got = (request.operation, request.account, request.region)
        if request.service != self.service or any(w not in (None, g) for w, g in zip(wanted, got, strict=True)):
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


@dataclass
class Double:
    """Moto behind a proxy."""

    moto_port: int
    url: str = ""
    latency: float = 0.0
    calls: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    ready: dict[int, tuple[Any, tuple[str, bytes, Mapping[str, str]]]] = field(default_factory=dict)  # once checked
    accounts: dict[str, str] = field(default_factory=dict)  # of the access keys that were given out
    meanwhile: Callable[[Request], None] = lambda _request: None  # what happens while a request is under way
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Double]:
        """Start both servers on free ports."""
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        double = cls(int(moto.get_host_and_port()[1]))
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), {"double": double}))
        server.daemon_threads = True
        double.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield double
        finally:
            server.shutdown()
            server.server_close()
            moto.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What makes real boto3 clients talk to it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def answer(self, service: str, operation: str, result: Answer) -> None:
        """Answer an operation with what boto3 shall give back; a function is asked anew each time."""
        if not callable(result):
            checked(_model(service).operation_model(operation), result)
        self.answers[service, operation] = result

    def fault(self, service: str, operation: str | None = None, **said: Any) -> None:
        """Let the next requests fail."""
        self.faults.append(Fault(said.pop("kind", "throttle"), said.pop("times", 1), service, operation, **said))

    def counted(self, service: str) -> list[str]:
        """The operations of a service that were asked for, in order."""
        return [call.operation for call in self.calls if call.service == service]

    def backend(self, name: str, account: str, region: str) -> Any:
        """Moto's own memory, to backdate what it made."""
        from moto.backends import get_backend

        return get_backend(name)[account][region]  # type: ignore[call-overload]

    def reset(self) -> None:
        """As if nothing had happened."""
        connection = HTTPConnection("127.0.0.1", self.moto_port)
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        self.latency, self.meanwhile = 0.0, lambda _request: None
        for kept in (self.calls, self.faults, self.answers, self.ready, self.accounts):
            kept.clear()


def checked(operation: OperationModel, result: Mapping[str, Any]) -> None:
    """Refuse an answer that the service could not give."""
    if wrong := _wrong(operation.output_shape, result):
        raise AssertionError(f"{operation.name}: {wrong}")


def _wrong(shape: Shape | None, value: Mapping[str, Any]) -> str:
    """What of a value is not as a service describes it."""
    report = ParamValidator().validate(dict(value), shape) if shape is not None else None
    return str(report.generate_report()) if report is not None and report.has_errors() else ""


def _model(service: str) -> ServiceModel:
    return SESSION.get_service_model(service)


class Handler(BaseHTTPRequestHandler):
    """One connection to the double; ``double`` is set on a class made of this one."""

    double: Double
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Whatever the method is."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: calls are kept."""

    def _serve(self) -> None:
        double = self.double
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = _request(self.command, self.path, dict(self.headers.items()), body, double.accounts)
        with double.lock:
            double.calls.append(request)
            fault = next((one for one in double.faults if one.strikes(request)), None)
        double.meanwhile(request)
        if double.latency:
            time.sleep(double.latency)
        known = double.answers.get((request.service, request.operation))
        if fault is not None:
            self._fail(fault, request)
        elif known is None:
            self._forward(body)
        else:
            operation = _model(request.service).operation_model(request.operation)
            in_json = operation.service_model.resolved_protocol == "json"
            if in_json and not double.latency and (wrong := _wrong(operation.input_shape, request.parameters)):
                self._send(400, *_failed(operation, "ValidationException", wrong))
                return
            result = known(request) if callable(known) else known
            if (ready := double.ready.get(id(result))) is None or ready[0] is not result:
                checked(operation, result)
                ready = double.ready[id(result)] = (result, _serialised(operation, result))
            self._send(200, *ready[1])

    def _fail(self, fault: Fault, request: Request) -> None:
        if fault.kind == "reset":
            self.close_connection = True
            self.connection.close()
            return
        status, code, message = ERRORS[fault.kind]
        operation = _model(request.service).operation_model(request.operation)
        self._send(status, *_failed(operation, code, message))

    def _forward(self, body: bytes) -> None:
        connection = HTTPConnection("127.0.0.1", self.double.moto_port, timeout=60)
        connection.request(self.command, self.path, body, dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        _remember(self.double.accounts, content)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send(self, status: int, kind: str, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _remember(accounts: dict[str, str], content: bytes) -> None:
    """The account of credentials that moto gives out."""
    if b"<AssumedRoleUser>" in content:
        key = re.search(rb"<AccessKeyId>([^<]+)", content)
        account = re.search(rb"arn:aws:sts::(\d{12}):", content)
        if key and account:
            accounts[key[1].decode()] = account[1].decode()


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes, accounts: Mapping[str, str]) -> Request:
    """Which operation a request asks for, by whatever protocol its service speaks."""
    lower = {name.lower(): value for name, value in headers.items()}
    scope = SCOPE.search(lower.get("authorization", ""))
    signed, region, key = (scope["service"], scope["region"], scope["key"]) if scope else ("s3", "us-east-1", "")
    service = CLIENTS.get(signed, signed)
    account = accounts.get(key, ROOT)
    if target := lower.get("x-amz-target"):
        parameters = json.loads(body or b"{}")
        return Request(service, target.rsplit(".", 1)[-1], account, region, parameters, key)
    form = parse_qs(body.decode("utf-8", "replace")) if "form-urlencoded" in lower.get("content-type", "") else {}
    if "Action" in form:
        return Request(service, form["Action"][0], account, region, {k: v[0] for k, v in form.items()}, key)
    operation = _by_path(service, method, urlsplit(path).path, parse_qs(urlsplit(path).query, keep_blank_values=True))
    said = json.loads(body) if body and lower.get("content-type", "").startswith("application/json") else {}
    return Request(service, operation, account, region, said, key)


def _by_path(service: str, method: str, path: str, query: Mapping[str, Any]) -> str:
    """The operation of a REST service whose address fits best."""
    best = ("", -1)
    if (service, path, method) == ("s3", "/", "GET"):
        return "ListBuckets"
    try:
        model = _model(service)
    except Exception:
        return ""
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri, _, wanted = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(uri))
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        asked = {pair.partition("=")[0] for pair in wanted.split("&") if pair}
        fits = http["method"] == method and re.fullmatch(pattern + "/?", path) and asked <= query.keys()
        score = len(asked) * 100 + len(uri)
        if fits and (score, len(name)) > (best[1], len(best[0])):  # of two names for one address the longer is newer
            best = (name, score)
    return best[0]


def _serialised(operation: OperationModel, result: Mapping[str, Any]) -> tuple[str, bytes, Mapping[str, str]]:
    protocol = operation.service_model.resolved_protocol
    if protocol == "rest-xml":
        assert operation.output_shape is not None
        return "text/xml", _payload(operation.output_shape, result).encode(), {}
    if protocol in ("query", "ec2"):
        inner = _xml(operation.output_shape, result)
        name = operation.name
        if protocol == "ec2":
            text = f"<{name}Response>{inner}<requestId>1</requestId></{name}Response>"
        else:
            wrapped = f"<{name}Result>{inner}</{name}Result>"
            text = f"<{name}Response>{wrapped}<ResponseMetadata/></{name}Response>"
        return "text/xml", text.encode(), {}
    return "application/x-amz-json-1.1", json.dumps(result, default=_plain).encode(), {}


def _plain(value: object) -> object:
    return value.timestamp() if isinstance(value, datetime) else str(value)


def _payload(shape: Shape, value: Mapping[str, Any]) -> str:
    """The one member that is the body of an answer."""
    name = shape.serialization["payload"]
    return _named(name, shape.members[name], value[name])


def _xml(shape: Shape | None, value: Any) -> str:
    """A value as the XML of its shape."""
    if shape is None:
        return ""
    if shape.type_name == "structure":
        return "".join(
            _named(member.serialization.get("name", name), member, value[name])
            for name, member in shape.members.items()
            if name in value
        )
    if isinstance(value, datetime):
        return value.isoformat()
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _named(name: str, shape: Shape, value: Any) -> str:
    if shape.type_name == "list":
        member = shape.member
        each = member.serialization.get("name", "member")
        return f"<{name}>{''.join(f'<{each}>{_xml(member, one)}</{each}>' for one in value)}</{name}>"
    return f"<{name}>{_xml(shape, value)}</{name}>"


def _failed(operation: OperationModel, code: str, message: str) -> tuple[str, bytes, Mapping[str, str]]:
    protocol = operation.service_model.resolved_protocol
    if protocol in ("query", "ec2", "rest-xml"):
        text = (
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            if protocol == "rest-xml"
            else f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
            if protocol == "ec2"
            else f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        return "text/xml", text.encode(), {}
    said = json.dumps({"__type": code, "message": message})
    return "application/x-amz-json-1.1", said.encode(), {"x-amzn-errortype": code}
