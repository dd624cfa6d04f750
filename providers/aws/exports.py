"""Data exports in S3: found, fetched by their manifests, and kept on disk until AWS delivers a month anew.

A manifest is written after its files and names them, so that it is read first and the folder is never listed; files of
earlier executions lie beside the new ones. A month that is overwritten while it is read is read again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from analysis.errors import BadData, NotReadable
from analysis.periods import month_of
from providers import deliveries
from providers.aws.cur import as_focus
from providers.deliveries import Kept
from providers.provider import Export, Progress

TABLES = ("FOCUS_1_2_AWS", "FOCUS_1_0_AWS", "COST_AND_USAGE_REPORT", "LEGACY_CUR")  # the best first
CUR = TABLES[2:]  # that must be made FOCUS
ENDINGS = (".csv", ".csv.gz", ".parquet")
PERIOD = re.compile(r"BILLING_PERIOD=(?P<month>\d{4}-\d{2})/|/(?P<start>\d{8})-\d{8}/")
TRIES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """An export that AWS delivers."""

    name: str
    arn: str
    table: str
    bucket: str
    prefix: str
    region: str = ""
    healthy: bool = True

    @property
    def manifests(self) -> str:
        """The folder that its manifests lie in, at any depth."""
        root = "/".join(part for part in (self.prefix.strip("/"), self.name) if part)
        return f"{root}/" if self.table == "LEGACY_CUR" else f"{root}/metadata/"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Exports on disk, and what is to be said of them."""

    exports: Sequence[Export]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One delivery of one month: its files, and the mark by which a change of it is seen."""

    month: str
    key: str
    mark: str  # ETag
    at: datetime
    files: tuple[str, ...] = ()


def discovered(client: Any) -> list[Found]:  # noqa: ANN401
    """The exports of cost that Data Exports delivers, FOCUS before CUR 2.0, healthy ones before others."""
    found: list[Found] = []
    for reference in _listed(client):
        arn = reference["ExportArn"]
        export = client.get_export(ExportArn=arn)["Export"]
        tables = export["DataQuery"].get("TableConfigurations") or {}
        statement = export["DataQuery"].get("QueryStatement", "")
        table = next((name for name in TABLES if name in tables or re.search(rf"\b{name}\b", statement)), "")
        target = export["DestinationConfigurations"]["S3Destination"]
        if not table:
            continue
        health = (reference.get("ExportStatus") or {}).get("StatusCode", "HEALTHY")
        where = (target["S3Bucket"], target["S3Prefix"], target["S3Region"])
        found.append(Found(export["Name"], arn, table, *where, healthy=health == "HEALTHY"))
    return sorted(found, key=lambda one: (not one.healthy, TABLES.index(one.table), one.name))


def legacy(client: Any) -> list[Found]:  # noqa: ANN401
    """The cost and usage reports of before Data Exports."""
    pages = client.get_paginator("describe_report_definitions").paginate()
    return [
        Found(one["ReportName"], "", "LEGACY_CUR", one["S3Bucket"], one.get("S3Prefix", ""), one["S3Region"])
        for page in pages
        for one in page.get("ReportDefinitions", ())
    ]


def fetch(  # noqa: PLR0913
    s3: Any,  # noqa: ANN401
    found: Found,
    folder: Path,
    now: datetime,
    *,
    months: int = 13,
    workers: int = 4,
    provider: str = "aws",
    progress: Progress,
) -> Fetched:
    """Bring the last months of an export to the disk; of what has not changed nothing is asked but its manifest's mark.

    Raises:
        NotReadable: the bucket cannot be read; the message says which permission is missing.
        BadData: nothing was delivered yet, or the disk is too small.
    """
    home = folder / re.sub(r"[^A-Za-z0-9_-]", "-", found.name)
    home.mkdir(parents=True, exist_ok=True)
    index = deliveries.read(home)
    try:
        present = _manifests(s3, found, month_of(now.date()).start - timedelta(days=31 * months))
        if not present:
            raise BadData(f"export {found.name} in s3://{found.bucket} is empty: the first delivery can take 24 hours")
        warnings: list[str] = [] if found.healthy else [f"AWS says that export {found.name} is not healthy"]
        for place, (month, manifest) in enumerate(sorted(present.items())):
            progress(place / len(present), f"{found.name} {month}")
            known = index.get(month)
            if known and known.mark == manifest.mark and known.stands(home):
                continue
            if known and deliveries.closed(month, now):
                warnings.append(f"{month} of {found.name} was closed and has been delivered anew")
            try:
                index[month] = _fetched(s3, found, manifest, home, workers)
            except Unfinished as unfinished:
                former = "its former rows stay" if known else "it is left out"
                warnings.append(f"{month} of {found.name}: {unfinished}; {former}")
            deliveries.write(home, index)
    except ClientError as error:
        raise NotReadable(f"export {found.name}", _refused(error, found)) from None
    deliveries.swept(home, index)
    exports = [
        Export(f"{found.name} {month}", tuple(home / name for name in kept.files), kept.at, provider)
        for month, kept in sorted(index.items())
        if month in present
    ]
    return Fetched(exports, tuple(warnings))


class Unfinished(Exception):
    """A delivery that is being written, or that lost a file."""


def _listed(client: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    for page in client.get_paginator("list_exports").paginate():
        yield from page.get("Exports", ())


def _manifests(s3: Any, found: Found, since: date) -> dict[str, Manifest]:  # noqa: ANN401
    """The newest manifest of each month, without its files."""
    newest: dict[str, Manifest] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=found.bucket, Prefix=found.manifests):
        for item in page.get("Contents", ()):
            matched = PERIOD.search(item["Key"])
            if not item["Key"].endswith("Manifest.json") or matched is None:
                continue
            start = matched["start"]
            month = matched["month"] or f"{start[:4]}-{start[4:6]}"
            at = item["LastModified"].astimezone(UTC)
            if date.fromisoformat(f"{month}-01") < since:
                continue
            one = Manifest(month, item["Key"], _mark(item), at)
            if month not in newest or (newest[month].at, newest[month].key) < (at, one.key):
                newest[month] = one
    return newest


def _fetched(s3: Any, found: Found, manifest: Manifest, home: Path, workers: int) -> Kept:  # noqa: ANN401
    """All files of one delivery, of the same delivery.

    Raises:
        Unfinished: a file is missing, or the delivery is written anew each time it is looked at.
    """
    for _ in range(TRIES):
        answer = s3.get_object(Bucket=found.bucket, Key=manifest.key)
        mark = _mark(answer)
        names = _files(answer["Body"].read(), found.bucket)
        target = home / manifest.month / mark
        target.mkdir(parents=True, exist_ok=True)
        _room(s3, found.bucket, names, target)
        with ThreadPoolExecutor(workers) as pool:
            files = list(pool.map(lambda name: _download(s3, found.bucket, name, target), names))  # noqa: B023
        if _mark(s3.head_object(Bucket=found.bucket, Key=manifest.key)) != mark:
            shutil.rmtree(target, ignore_errors=True)
            continue
        if found.table in CUR:
            files = [as_focus(files, target / "focus.parquet")]
        return Kept(mark, answer["LastModified"].astimezone(UTC), tuple(str(one.relative_to(home)) for one in files))
    raise Unfinished("it was overwritten each time it was read")


def _mark(item: Mapping[str, Any]) -> str:
    """What changes when a manifest is written anew: its ETag, and when it was, should its words be the same."""
    return f"{item['ETag'].strip(chr(34))}-{item['LastModified'].astimezone(UTC):%Y%m%dT%H%M%S}"


def _files(content: bytes, bucket: str) -> list[str]:
    """The keys that a manifest names, under whatever name it does.

    Raises:
        Unfinished: it names none, or one that leads astray, or is no JSON.
    """
    try:
        said = json.loads(content)
    except ValueError:
        raise Unfinished("its manifest cannot be read") from None
    names = [text.removeprefix(f"s3://{bucket}/") for text in _texts(said) if text.endswith(ENDINGS)]
    if not names:
        raise Unfinished("its manifest names no files")
    for name in names:
        if deliveries.leads_out(name):
            raise Unfinished(f"its manifest names {name!r}, which leads out of the export")
    return list(dict.fromkeys(names))


def _texts(said: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for one in said.values() if isinstance(said, dict) else said:
            yield from _texts(one)


def _room(s3: Any, bucket: str, names: Sequence[str], target: Path) -> None:  # noqa: ANN401
    """Refuse what the disk has no room for.

    Raises:
        BadData: it does not fit.
        Unfinished: a file that the manifest names is not there.
    """
    needed = 0
    for name in names:
        try:
            needed += s3.head_object(Bucket=bucket, Key=name)["ContentLength"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                raise Unfinished(f"{name} is not there yet") from None
            raise
    deliveries.fitting(needed, target)


def _download(s3: Any, bucket: str, name: str, target: Path) -> Path:  # noqa: ANN401
    """One file, whole or not at all; what is there already with the same size is kept."""
    file = target / deliveries.local_name(name)
    answer = s3.get_object(Bucket=bucket, Key=name)
    if file.exists() and file.stat().st_size == answer["ContentLength"]:
        answer["Body"].close()
        return file
    aside = file.with_name(f".{file.name}.part")
    with aside.open("wb") as out:
        for chunk in answer["Body"].iter_chunks(1 << 20):
            out.write(chunk)
    if aside.stat().st_size != answer["ContentLength"]:
        aside.unlink()
        raise Unfinished(f"{name} came in part")
    aside.replace(file)
    return file


REFUSALS: Mapping[str, Callable[[Found], str]] = {
    "NoSuchBucket": lambda found: f"there is no bucket {found.bucket}",
    "AccessDenied": lambda found: (
        f"s3://{found.bucket}/{found.prefix} may not be read: s3:ListBucket on the bucket, s3:GetObject on its objects"
        " and, for a bucket encrypted with KMS, kms:Decrypt on its key are needed"
    ),
    "KMS.DisabledException": lambda found: f"the key that s3://{found.bucket} is encrypted with is disabled",
    "PermanentRedirect": lambda found: f"bucket {found.bucket} lies in another region than the export says",
}


def _refused(error: ClientError, found: Found) -> str:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    code = {"403": "AccessDenied", "Forbidden": "AccessDenied", "404": "NoSuchBucket"}.get(code, code)
    known = REFUSALS.get(code)
    return f"{code}: {known(found)}" if known else f"{code} at {error.operation_name}"
