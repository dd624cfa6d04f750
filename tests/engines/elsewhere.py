"""Engines that run elsewhere, as far as their wires go: real clients and HTTP, and behind them another engine.

ClickHouse's HTTP interface hands its SQL to ClickHouse itself (chdb). For Trino, Athena and Databricks the SQL is
translated for DuckDB, so that the way there and back is tried and each function of it is known to be meant as we mean
it; that their own servers take the SQL is not proven by this.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import duckdb
import pyarrow as pa
import sqlglot

PLACED = re.compile(
    r"CREATE (?:EXTERNAL )?TABLE (?P<name>\w+) \(.*(?:external_location = |LOCATION )'(?P<place>[^']+)'", re.DOTALL
)
IN_VOLUME = re.compile(r"CREATE TABLE IF NOT EXISTS (?P<name>\w+) AS SELECT \* FROM parquet\.`(?P<place>[^`]+)`")
HAS_KEY = re.compile(
    r"MAP_CONTAINS_KEY\((`\w+`\.`\w+`), ('[^']*')\)"
)  # sqlglot reads its arguments the other way round
Reply = tuple[int, str, bytes]


@dataclass
class Translated:
    """DuckDB, asked in the SQL of another engine; ``placed`` gives the files of a place that a statement names."""

    dialect: str
    placed: Callable[[str], list[Path]]
    statements: list[str] = field(default_factory=list)
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, statement: str) -> pa.Table:
        with self.lock:
            self.statements.append(statement)
            if found := PLACED.match(statement) or IN_VOLUME.match(statement):
                files = [str(file) for file in self.placed(found["place"])]
                self.connection.execute(f"CREATE TABLE IF NOT EXISTS {found['name']} AS FROM read_parquet({files})")
                return pa.table({})
            said = HAS_KEY.sub(r"MAP_CONTAINS_KEY(\2, \1)", statement)
            [said] = sqlglot.transpile(said, read=self.dialect, write="duckdb")
            told: Any = self.connection.sql(said)  # nothing, of a statement that answers nothing
            return pa.table({}) if told is None else told.to_arrow_table()


@contextmanager
def serving(answer: Callable[[str, str, bytes, Any], Reply]) -> Iterator[str]:
    """A server on loopback; ``answer`` is given the method, the path with its query, the body and the headers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, said = answer(self.command, self.path, body, self.headers)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def clickhouse(folder: Path, user: str, password: str) -> Iterator[str]:
    """ClickHouse's HTTP interface over chdb, which has a database ``costs``."""
    from chdb import session

    made: Any = session
    inside = made.Session(str(folder / "clickhouse"))
    lock = threading.Lock()

    def answer(_method: str, path: str, body: bytes, headers: Any) -> Reply:
        if (headers["X-ClickHouse-User"], headers["X-ClickHouse-Key"]) != (user, password):
            return 403, "text/plain", b"Code: 516. DB::Exception: Authentication failed"
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        with lock:
            try:
                inside.query(f"USE {asked['database']}")
                inside.query(f"SET session_timezone = '{asked['session_timezone']}'")
                if insert := asked.get("query"):
                    aside = folder / "insert.arrow"
                    aside.write_bytes(body)
                    into = insert.removesuffix(" FORMAT ArrowStream")
                    inside.query(f"{into} SELECT * FROM file('{aside}', ArrowStream)")
                    return 200, "text/plain", b""
                told = inside.query(body.decode(), asked.get("default_format", "TabSeparated"))
                return 200, "application/octet-stream", told.bytes() or b""
            except RuntimeError as error:
                return 400, "text/plain", str(error).encode()

    inside.query("CREATE DATABASE costs ENGINE = Atomic")
    with serving(answer) as address:
        yield address
    inside.close()


@contextmanager
def trino(inside: Translated, user: str) -> Iterator[str]:
    """Trino's client protocol: a statement is posted, its answer lies behind ``nextUri``."""
    answers: dict[str, pa.Table | str] = {}

    def answer(method: str, path: str, body: bytes, headers: Any) -> Reply:
        if headers["X-Trino-User"] != user:
            return 401, "text/plain", b"Unauthorized"
        name = path.rpartition("/")[2] if method == "GET" else uuid4().hex
        told: dict[str, Any] = {"id": name, "infoUri": "http://127.0.0.1/", "stats": {"state": "FINISHED"}}
        if method == "POST":
            assert headers["X-Trino-Time-Zone"] == "UTC"
            try:
                answers[name] = inside.run(body.decode())
            except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
                answers[name] = str(error)
            told |= {"nextUri": f"http://{headers['Host']}/v1/statement/executing/{name}"}
        elif method == "GET":
            found = answers[name]
            told |= _failed(found) if isinstance(found, str) else _rows(found)
        return 200, "application/json", json.dumps(told, default=str).encode()

    with serving(answer) as address:
        yield address


def _failed(why: str) -> dict[str, Any]:
    return {"error": {"message": why, "errorCode": 1, "errorName": "SYNTAX_ERROR", "errorType": "USER_ERROR"}}


def _rows(found: pa.Table) -> dict[str, Any]:
    columns = [{"name": one.name, **_typed(one.type)} for one in found.schema]
    rows = [[_plain(value) for value in row.values()] for row in found.to_pylist()]
    return {"columns": columns or [{"name": "result", **_typed(pa.bool_())}], "data": rows}


def _typed(kind: pa.DataType) -> dict[str, Any]:
    arguments = []
    name = {"string": "varchar", "int64": "bigint", "date32[day]": "date", "bool": "boolean"}.get(str(kind), "varchar")
    if pa.types.is_decimal(kind):
        name = "decimal"
        arguments = [{"kind": "LONG", "value": value} for value in (kind.precision, kind.scale)]
    elif pa.types.is_timestamp(kind):
        name, arguments = "timestamp", [{"kind": "LONG", "value": 3}]
    said = f"{name}({', '.join(str(one['value']) for one in arguments)})" if arguments else name
    return {"type": said, "typeSignature": {"rawType": name, "arguments": arguments}}


def _plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


@contextmanager
def databricks(inside: Translated, folder: Path, token: str) -> Iterator[str]:
    """The two interfaces of Databricks: files are put into ``folder``, statements run; parts of answers are links."""
    answers: dict[str, pa.Table] = {}

    def answer(method: str, path: str, body: bytes, headers: Any) -> Reply:
        where = urlsplit(path).path
        if where.startswith("/link/"):
            assert "Authorization" not in headers, "a link is to be fetched without the token"
            name, _, part = where.removeprefix("/link/").partition("/")
            return 200, "application/octet-stream", _stream(_part(answers[name], int(part)))
        if headers["Authorization"] != f"Bearer {token}":
            return 403, "text/plain", b"Invalid access token."
        if where.startswith("/api/2.0/fs/files/"):
            file = folder / where.removeprefix("/api/2.0/fs/files/")
            file.parent.mkdir(parents=True, exist_ok=True)
            if method == "PUT":
                file.write_bytes(body)
            else:
                file.unlink()
            return 204, "text/plain", b""
        if method == "POST":
            name, state = _statement(answers, inside, json.loads(body))
            done = _chunk(headers["Host"], name, 0, answers[name].num_rows, whole=True) if name in answers else {}
            return _told({**done, "statement_id": name, "status": state})
        name, _, part = where.removeprefix("/api/2.0/sql/statements/").partition("/result/chunks/")
        return _told(_chunk(headers["Host"], name, int(part or 0), answers[name].num_rows, whole=not part))

    with serving(answer) as address:
        yield address


def _statement(answers: dict[str, pa.Table], inside: Translated, asked: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = uuid4().hex
    try:
        answers[name] = inside.run(asked["statement"])
    except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
        return name, {"state": "FAILED", "error": {"message": str(error)}}
    return name, {"state": "PENDING" if asked["statement"].startswith("SELECT table_name") else "SUCCEEDED"}


def _chunk(host: str, name: str, part: int, rows: int, *, whole: bool) -> dict[str, Any]:
    """One part of an answer: of more than one row there are two, so that the second has to be asked for."""
    link: dict[str, Any] = {"external_link": f"http://{host}/link/{name}/{part}", "chunk_index": part}
    if rows > 1 and part == 0:
        link["next_chunk_internal_link"] = f"/api/2.0/sql/statements/{name}/result/chunks/1"
    links = {"external_links": [link] if rows else []}
    return {"statement_id": name, "status": {"state": "SUCCEEDED"}, "result": links} if whole else links


def _part(table: pa.Table, part: int) -> pa.Table:
    return table.slice(1) if part else table.slice(0, 1)


def _told(said: dict[str, Any]) -> Reply:
    return 200, "application/json", json.dumps(said).encode()


def _stream(table: pa.Table) -> bytes:
    sink = BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def athena(inside: Translated, aws: Any, s3: Any) -> None:
    """Athena's operations on the double of AWS: what was asked is answered as CSV in the bucket."""
    states: dict[str, tuple[dict[str, Any], str]] = {}

    def start(request: Any) -> dict[str, Any]:
        name = uuid4().hex
        place = f"{request.parameters['ResultConfiguration']['OutputLocation']}{name}.csv"
        try:
            told = inside.run(request.parameters["QueryString"])
            said = urlsplit(place)
            s3.put_object(Bucket=said.netloc, Key=said.path.lstrip("/"), Body=_csv(told))
            states[name] = ({"State": "SUCCEEDED"}, place)
        except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
            states[name] = ({"State": "FAILED", "StateChangeReason": str(error)}, place)
        return {"QueryExecutionId": name}

    def look(request: Any) -> dict[str, Any]:
        state, place = states[request.parameters["QueryExecutionId"]]
        return {"QueryExecution": {"Status": state, "ResultConfiguration": {"OutputLocation": place}}}

    aws.answer("athena", "StartQueryExecution", start)
    aws.answer("athena", "GetQueryExecution", look)


def _csv(told: pa.Table) -> bytes:
    """As Athena writes it: every value in quotes, what is absent bare."""
    lines = [",".join(f'"{name}"' for name in told.column_names)]
    for row in told.to_pylist():
        quoted = (None if value is None else str(_plain(value)).replace('"', '""') for value in row.values())
        lines.append(",".join("" if value is None else f'"{value}"' for value in quoted))
    return ("\n".join(lines) + "\n").encode()


def in_bucket(s3: Any, folder: Path, place: str) -> list[Path]:
    """The objects of a place, fetched."""
    said = urlsplit(place)
    found = []
    for one in s3.list_objects_v2(Bucket=said.netloc, Prefix=said.path.lstrip("/"))["Contents"]:
        file = folder / one["Key"].replace("/", "_")
        s3.download_file(said.netloc, one["Key"], str(file))
        found.append(file)
    return found


def in_folder(folder: Path, place: str) -> list[Path]:
    """A file of a volume."""
    return [folder / place.lstrip("/")]
