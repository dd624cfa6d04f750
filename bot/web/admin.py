"""The admin port: whether the bot lives, whether it may be sent work, its figures; for the house's machines only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from analysis.errors import BadConfig
from bot import metrics
from bot.log import without_secrets

log = structlog.get_logger(__name__)

BEAT_SECONDS = 1.0
STILL_SECONDS = 30.0  # a loop that stood still for longer is not alive
PROBE_SECONDS = 5.0

Probe: TypeAlias = Callable[[], Awaitable[str]]  # "" when all is well, else what is wrong


class Admin:
    """Answers ``/healthz``, ``/readyz`` and ``/metrics``.

    ``probes`` are the parts that must be well before work is sent here, ``measure`` brings the figures up to date that
    nobody counts.
    """

    def __init__(self, probes: Mapping[str, Probe], measure: Callable[[], None]) -> None:
        self.probes = probes
        self.measure = measure
        self._beat = 0.0

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve on a port of its own for as long as the context lasts; gives the port back.

        Raises:
            BadConfig: the port is taken.
        """
        site = web.Application()
        site.router.add_get("/healthz", self.healthz)
        site.router.add_get("/readyz", self.readyz)
        site.router.add_get("/metrics", self.metrics)
        runner = web.AppRunner(site, access_log=None)  # queries may hold secrets, and nobody needs them
        beating = asyncio.create_task(self._beating(), name="heartbeat")
        try:
            try:
                await runner.setup()
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise BadConfig(f"[server] {host}:{port}, the admin port: {error.strerror or error}") from None
            bound: int = runner.addresses[0][1]
            log.info("admin port", host=host, port=bound)
            yield bound
        finally:
            beating.cancel()
            await runner.cleanup()

    async def healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002 (whoever asks)
        """200 while the event loop turns. Nothing else is looked at: a database that is down is no cause to restart."""
        still = asyncio.get_running_loop().time() - self._beat
        well = still < STILL_SECONDS
        said = {"status": "ok" if well else "the event loop stood still", "seconds": round(still, 1)}
        return web.json_response(said, status=200 if well else 503)

    async def readyz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """200 when every part is well; else 503, and what is wrong with which."""
        names = list(self.probes)
        found = dict(zip(names, await asyncio.gather(*(self._probed(name) for name in names)), strict=True))
        for name, wrong in found.items():
            metrics.READY.labels(name).set(not wrong)
        said = {name: wrong or "ok" for name, wrong in found.items()}
        return web.json_response(said, status=503 if any(found.values()) else 200)

    async def metrics(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """The figures in Prometheus's text format; those of the database are left as they were where it is away."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await asyncio.to_thread(self.measure)
        except Exception as error:
            log.warning("not measured", error_class=type(error).__name__)
        return web.Response(body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _probed(self, name: str) -> str:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                wrong = await self.probes[name]()
        except TimeoutError:
            wrong = f"does not answer within {PROBE_SECONDS:g} s"
        except Exception as error:
            wrong = str(error) or type(error).__name__
        return str(without_secrets(None, "", {"wrong": wrong})["wrong"])

    async def _beating(self) -> None:
        while True:
            self._beat = asyncio.get_running_loop().time()
            await asyncio.sleep(BEAT_SECONDS)
