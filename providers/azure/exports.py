"""FOCUS exports in blob storage: found in Cost Management, fetched by their manifests, kept until a month comes anew.

Each run of an export is the whole month up to its day, in files of its own beside those of earlier runs; a manifest
that names the files is written last. So the newest complete run of a month counts, and nothing is added up.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.costmanagement import CostManagementClient
from azure.storage.blob import ContainerClient

from analysis.errors import BadConfig, BadData, NotReadable
from analysis.periods import month_of
from providers import deliveries
from providers.azure.connection import UNREADABLE, Connection, refusal
from providers.deliveries import Kept
from providers.provider import Export, Progress

FOCUS = "FocusCost"
ENDINGS = (".csv", ".csv.gz", ".parquet")
RUN = re.compile(r"/(?P<start>\d{8})-(?P<end>\d{8})/.*manifest\.json$", re.IGNORECASE | re.DOTALL)
WIDEST = ("/providers/microsoft.billing/",)  # an export of a billing account holds those of its subscriptions
TRIES = 3
WAY = "export"


@dataclass(frozen=True, slots=True)
class Found:
    """An export that Cost Management delivers: ``scope`` is what it is an export of."""

    name: str
    scope: str
    kind: str
    version: str
    account: str
    container: str
    folder: str
    trouble: str = ""  # why Azure does not run it any more, or its last run failed

    @property
    def prefix(self) -> str:
        """The folder that its runs lie in."""
        parts = (part for part in (self.folder.strip("/"), self.name) if part)
        return f"{'/'.join(parts)}/"

    @property
    def where(self) -> str:
        """Its place, for people."""
        return f"{self.account}/{self.container}/{self.prefix.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """Exports on disk, and what is to be said of them."""

    exports: Sequence[Export]
    warnings: tuple[str, ...] = ()
    fresh: datetime | None = None  # when the newest of them was delivered


@dataclass(frozen=True, slots=True)
class Run:
    """A manifest as it is listed: the month it stands for, and the mark by which a change is seen."""

    month: str
    days: int
    at: datetime
    name: str
    mark: str


class Unfinished(Exception):
    """A run that is being written, or that lost a file."""


def discovered(connection: Connection, scope: str) -> list[Found]:
    """The exports of one scope, the newest FOCUS version first.

    Raises:
        AzureError: the scope may not be read.
    """
    listed = connection.client(CostManagementClient).exports.list(scope.strip("/"), expand="runHistory")
    found = [_found(one.as_dict(), scope) for one in listed.value or ()]
    return sorted(found, key=lambda one: (one.kind != FOCUS, bool(one.trouble), _older(one.version), one.name))


def addressed(url: str) -> Found:
    """The export whose runs lie under an address, like ``https://account.blob.core.windows.net/container/folder/name``.

    Raises:
        BadConfig: it is no such address.
    """
    parts = urlsplit(url)
    pieces = [piece for piece in parts.path.split("/") if piece]
    account = parts.netloc.partition(".")[0]
    if parts.port is not None and pieces:  # the account stands in the path, as in a storage of one's own
        account, *pieces = pieces
    if parts.scheme != "https" or len(pieces) < 2:  # noqa: PLR2004 (a container and an export)
        raise BadConfig(f"{url!r} is no export's address; write https://<account>.blob.core.windows.net/<container>/…")
    container, *folders, name = pieces
    return Found(name, url, FOCUS, "", account, container, "/".join(folders))


def chosen(found: Sequence[Found], *, name: str = "") -> tuple[list[Found], tuple[str, ...]]:
    """Which exports are read so that nothing is read twice, and what is said of those that are not.

    One a scope; those of billing accounts rather than those of subscriptions, which they hold; a scope rather than
    what lies in it.
    """
    told: list[str] = []
    wanted = [one for one in found if not name or one.name.lower() == name.lower()]
    focus = [one for one in wanted if one.kind == FOCUS]
    if others := sorted({f"{one.name} ({one.kind})" for one in wanted if one.kind != FOCUS} if not focus else set()):
        told.append(f"exports that are no FOCUS exports are not read: {', '.join(others)}")
    wide = [one for one in focus if one.scope.lower().startswith(WIDEST)]
    if wide and len(wide) < len(focus):
        told.append(f"{len(focus) - len(wide)} exports of subscriptions are not read: the billing account's holds them")
    kept: dict[str, Found] = {}
    for one in sorted(wide or focus, key=lambda each: len(each.scope)):
        scope = one.scope.lower().rstrip("/")
        if not any(scope == known or scope.startswith(f"{known}/") for known in kept):
            kept[scope] = one
    return list(kept.values()), tuple(told)


def fetch(  # noqa: PLR0913
    connection: Connection,
    found: Sequence[Found],
    folder: Path,
    now: datetime,
    *,
    months: int = 13,
    workers: int = 4,
    provider: str = "azure",
    progress: Progress,
) -> Fetched:
    """Bring the last months of exports to the disk; of what has not changed nothing is fetched again.

    A month is one ``Export`` of all scopes together, since a billing account's rows may come from several.

    Raises:
        NotReadable: none of them can be read, and nothing is there from earlier.
        BadData: nothing was delivered yet, or the disk is too small.
    """
    since = month_of(now.date()).start - timedelta(days=31 * months)
    homes = [Home(one, folder / _folder(one), since, now, workers) for one in found]
    refused: list[str] = []
    for place, home in enumerate(homes):
        progress(place / len(homes), f"export {home.found.name}")
        try:
            home.bring(connection)
        except UNREADABLE as error:
            stand = f"; its rows of {max(home.index)} and before stand" if home.index else ""
            refused.append(f"export {home.found.name} in {home.found.where}: {refusal(error)}{stand}")
    gathered: dict[str, list[tuple[Kept, Path]]] = defaultdict(list)
    for home in homes:
        for month, kept in home.swept().items():
            gathered[month].append((kept, home.folder))
    if not gathered:
        if refused:
            raise NotReadable(provider, "; ".join(refused))
        where = ", ".join(one.where for one in found)
        raise BadData(f"nothing has been delivered to {where} yet: the first run can take 24 hours")
    named = found[0].name if len(found) == 1 else f"{len(found)} exports"
    exports = [
        Export(
            f"{named} {month}",
            tuple(home / name for kept, home in every for name in kept.files),
            max(kept.at for kept, _ in every),
            provider,
            WAY,
        )
        for month, every in sorted(gathered.items())
    ]
    told = [line for home in homes for line in home.told]
    return Fetched(exports, (*_short(homes, refused), *told), max(one.made_at for one in exports))


def _short(homes: Sequence[Home], refused: Sequence[str]) -> list[str]:
    """How many of several exports are missing, whether they could not be read or have delivered nothing."""
    count = len(homes)
    lines = [f"{count - len(refused)} of {count} exports were read", *refused] if refused else []
    newest = max(month for home in homes for month in home.index)
    if lacking := sum(newest not in home.index for home in homes):
        lines.append(f"{lacking} of {count} exports have nothing for {newest} yet")
    return lines


@dataclass
class Home:
    """What is on disk of one export, and what was said while it was brought up to date."""

    found: Found
    folder: Path
    since: date
    now: datetime
    workers: int
    index: dict[str, Kept] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index = deliveries.read(self.folder)

    def bring(self, connection: Connection) -> None:
        """Fetch what is new.

        Raises:
            AzureError: the container may not be read.
        """
        name = self.found.name
        if self.found.trouble:
            self.told.append(f"export {name}: {self.found.trouble}")
        container = connection.container(self.found.account, self.found.container)
        for month, runs in sorted(_runs(container, self.found, self.since).items()):
            known = self.index.get(month)
            kept, why = _newest(container, runs, self.folder, known, self.workers)
            if why:
                self.told.append(f"{month} of {name}: {why}")
            if kept is None or kept == known:
                continue
            if known and deliveries.closed(month, self.now):
                self.told.append(f"{month} of {name} was closed and has been delivered anew")
            self.index[month] = kept
            deliveries.write(self.folder, self.index)

    def swept(self) -> Mapping[str, Kept]:
        """The months that are wanted, with everything else of it put away."""
        deliveries.swept(self.folder, self.index)
        return {month: kept for month, kept in self.index.items() if date.fromisoformat(f"{month}-01") >= self.since}


def _newest(
    container: ContainerClient, runs: Sequence[Run], home: Path, known: Kept | None, workers: int
) -> tuple[Kept | None, str]:
    """The newest complete run of a month, and why it is not the newest there is, if so."""
    why = ""
    for run in runs:
        if known and known.mark == run.mark and known.stands(home):
            return known, why and f"{why}; the run before it stands"
        try:
            return _fetched(container, run, home, workers), why and f"{why}; the run before it is read"
        except Unfinished as unfinished:
            why = why or str(unfinished)
    return known, f"{why}; {'its former rows stay' if known else 'it is left out'}"


def _runs(container: ContainerClient, found: Found, since: date) -> dict[str, list[Run]]:
    """The runs of each month, those that reach furthest into it first and of these the newest."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for blob in container.list_blobs(name_starts_with=found.prefix):
        matched = RUN.search(f"/{blob.name}")
        if matched is None:
            continue
        try:
            start, end = (datetime.strptime(matched[name], "%Y%m%d").date() for name in ("start", "end"))  # noqa: DTZ007
        except ValueError:
            continue
        month = month_of(start)
        if start < since or start != month.start or end > month.end:  # part of a month, or several at once
            continue
        at = blob.last_modified.astimezone(UTC)
        mark = f"{blob.etag.strip(chr(34))}-{sha256(blob.name.encode()).hexdigest()[:12]}"
        runs[f"{start:%Y-%m}"].append(Run(f"{start:%Y-%m}", (end - start).days, at, blob.name, mark))
    for every in runs.values():
        every.sort(key=lambda run: (run.at, run.days, run.name), reverse=True)
    return dict(runs)


def _fetched(container: ContainerClient, run: Run, home: Path, workers: int) -> Kept:
    """All files of one run.

    Raises:
        Unfinished: a file is missing or short, or the manifest does not fit together.
    """
    for _ in range(TRIES):
        downloader = container.download_blob(run.name)
        etag = str(downloader.properties.etag)
        sizes = _files(downloader.readall(), run)
        target = home / run.month / run.mark
        target.mkdir(parents=True, exist_ok=True)
        deliveries.fitting(sum(sizes.values()), target)
        with ThreadPoolExecutor(workers) as pool:
            files = list(pool.map(lambda one: _download(container, one[0], one[1], target), sizes.items()))  # noqa: B023
        if str(container.get_blob_client(run.name).get_blob_properties().etag) == etag:
            return Kept(run.mark, run.at, tuple(str(one.relative_to(home)) for one in files))
        shutil.rmtree(target, ignore_errors=True)
    raise Unfinished("it was overwritten each time it was read")


def _files(content: bytes, run: Run) -> dict[str, int]:
    """The blobs that a manifest names, with their sizes (-1 if it tells none).

    Raises:
        Unfinished: it names none, not as many as it says, or is no JSON.
    """
    try:
        said: Mapping[str, Any] = json.loads(content)
        listed = {str(one["blobName"]): int(one.get("byteCount", -1)) for one in said.get("blobs", ())}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unfinished("its manifest cannot be read") from None
    files = {name: size for name, size in listed.items() if name.lower().endswith(ENDINGS)}
    expected = int(said.get("blobCount", len(listed)))
    if not files or len(listed) != expected:
        raise Unfinished(f"its manifest names {len(listed)} of {expected} files")
    folder = PurePosixPath(run.name).parent
    return {_inside(name, folder): size for name, size in files.items()}


def _inside(name: str, folder: PurePosixPath) -> str:
    """A blob's whole name; a manifest may name it from the container's root, or from its own folder."""
    plain = name.lstrip("/")
    if deliveries.leads_out(plain):
        raise Unfinished(f"its manifest names {name!r}, which leads out of the container")
    return plain if "/" in plain else str(folder / plain)


def _download(container: ContainerClient, name: str, size: int, target: Path) -> Path:
    """One file, whole or not at all.

    Raises:
        Unfinished: it is not there, or shorter than the manifest says.
    """
    file = target / deliveries.local_name(name)
    if file.exists() and file.stat().st_size == size:
        return file
    aside = file.with_name(f".{file.name}.part")
    try:
        with aside.open("wb") as out:
            container.download_blob(name, max_concurrency=2).readinto(out)
    except ResourceNotFoundError:
        aside.unlink(missing_ok=True)
        raise Unfinished(f"{name} is not there yet") from None
    if size >= 0 and aside.stat().st_size != size:
        aside.unlink()
        raise Unfinished(f"{name} came in part")
    aside.replace(file)
    return file


def _found(said: Mapping[str, Any], scope: str) -> Found:
    properties: Mapping[str, Any] = said.get("properties") or {}
    definition: Mapping[str, Any] = properties.get("definition") or {}
    configured: Mapping[str, Any] = (definition.get("dataSet") or {}).get("configuration") or {}
    target: Mapping[str, Any] = (properties.get("deliveryInfo") or {}).get("destination") or {}
    return Found(
        str(said.get("name", "")),
        scope,
        str(definition.get("type", "")),
        str(configured.get("dataVersion", "")),
        str(target.get("resourceId", "")).rpartition("/")[2] or str(target.get("storageAccount", "")),
        str(target.get("container", "")),
        str(target.get("rootFolderPath", "")),
        _trouble(properties),
    )


def _trouble(properties: Mapping[str, Any]) -> str:
    """Why an export is not to be trusted: it is switched off, or its last run failed."""
    if said := properties.get("systemSuspensionContext"):
        return f"Azure has suspended it ({said.get('suspensionCode', 'no reason given')}): look at it in the portal"
    if (properties.get("schedule") or {}).get("status") == "Inactive":
        return "its schedule is switched off: switch it on"
    runs: Iterator[Any] = iter((properties.get("runHistory") or {}).get("value") or ())
    last = max((one.get("properties") or {} for one in runs), key=lambda one: str(one.get("submittedTime")), default={})
    if last.get("status") in ("Failed", "Timeout", "DataNotAvailable"):
        why = (last.get("error") or {}).get("message", "")
        return f"its last run failed ({last['status']}{f': {why}' if why else ''})"
    return ""


def _older(version: str) -> tuple[int, ...]:
    """Sorts 1.2 before 1.0r2 before 1.0."""
    return tuple(-int(number) for number in re.findall(r"\d+", version.partition("-")[0])) or (0,)


def _folder(found: Found) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", found.name)[:60]
    return f"{plain}-{sha256(f'{found.scope}/{found.where}'.lower().encode()).hexdigest()[:8]}"
