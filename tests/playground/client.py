"""Microsoft 365 Agents Playground and Chromium, started for a test: Teams' own rendering, without any tenant."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, Route, async_playwright

HERE = Path(__file__).parent
COMMAND = HERE.parent / "node" / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("Alex Wilber", "Megan Bowen", "Adele Vance", "Isaiah Langer", "Patti Fernandez", "Lynne Robbins")
TEAM, FINOPS = "19:cloud@thread.tacv2", "19:finops@thread.tacv2"
START_SECONDS = 40


@dataclass(frozen=True, slots=True)
class Client:
    """A page of the playground, as somebody sees it."""

    page: Page
    log: Path

    async def write(self, text: str) -> None:
        """Type into the personal chat, and send."""
        box = self.page.locator("[role=textbox][contenteditable=true]").first
        await box.click()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def open_channel(self, name: str) -> None:
        """Go to a channel of the team."""
        await self.page.get_by_text(name, exact=True).first.click()
        await self.page.wait_for_timeout(800)

    async def seen(self, words: str, seconds: float = 30) -> None:
        """Wait until words can be read."""
        await self.page.get_by_text(words).last.wait_for(state="visible", timeout=seconds * 1000)

    async def keep(self, name: str) -> None:
        """A picture of what is seen, where somebody wants them (``PITCREW_PICTURES`` names the folder)."""
        if folder := os.environ.get("PITCREW_PICTURES"):
            await self.page.wait_for_timeout(1_500)
            await self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    async def press(self, name: str) -> None:
        """Press the last button of that name."""
        await self.page.get_by_role("button", name=name, exact=True).last.click()


def settings(app: str) -> dict[str, Any]:
    """The playground's own company: six people, a team with a channel."""
    people = [
        {
            "id": f"29:user-{number}",
            "name": name,
            "userPrincipleName": f"{name.split()[0].lower()}@contoso.example",
            "aadObjectId": f"00000000-0000-0000-0000-00000000000{number}",
            "givenName": name.split()[0],
            "surname": name.split()[1],
            "email": f"{name.split()[0].lower()}@contoso.example",
        }
        for number, name in enumerate(NAMES, 1)
    ]
    channels = [(FINOPS, "FinOps")]  # the playground takes one
    return {
        "version": "0.1.1",
        "tenantId": "00000000-0000-0000-0000-0000000000aa",
        "bot": {"id": app, "name": "Pitcrew"},
        "currentUser": people[0],
        "users": people[1:],
        "personalChat": {"id": "personal-chat-id"},
        "groupChat": {"id": "group-chat-id", "name": "Group Chat"},
        "team": {
            "id": TEAM,
            "name": "Cloud",
            "aadGroupId": "00000000-0000-0000-0000-0000000000bb",
            "channels": [{"id": name, "name": title} for name, title in channels],
        },
    }


@asynccontextmanager
async def playground(endpoint: str, port: int, folder: Path) -> AsyncIterator[Path]:
    """The playground, on loopback, talking to the bot at ``endpoint``; its log."""
    (folder / ".m365agentsplayground.yml").write_text(json.dumps(settings("pitcrew-bot")), "utf-8")  # JSON is YAML
    log = folder / "playground.log"
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "NODE_OPTIONS": f"--require {HERE / 'loopback.cjs'}",
        "TEAMSAPPTESTER_BROWSER": "none",
        "M365_AGENTS_PLAYGROUND_LOGFILE": str(log),
    }
    given = ("-e", endpoint, "-c", "msteams", "-p", str(port), "--disable-telemetry")
    process = await asyncio.create_subprocess_exec(
        "node",
        str(COMMAND),
        *given,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await _answers(f"http://127.0.0.1:{port}/")
        yield log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def client(endpoint: str, port: int, folder: Path, *, dark: bool = False) -> AsyncIterator[Client]:
    """A browser at the playground; whatever it wants from elsewhere it does not get."""
    async with playground(endpoint, port, folder) as log, async_playwright() as browsers:
        context = await browsers.chromium.launch_persistent_context(
            str(folder / "browser"),
            executable_path=CHROMIUM,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 1000},
            color_scheme="dark" if dark else "light",
        )
        try:
            page = context.pages[0] if context.pages else await context.new_page()
            await page.route("**/*", _stay_here)
            await page.goto(f"http://localhost:{port}/")
            await page.locator("[role=textbox][contenteditable=true]").first.wait_for(timeout=START_SECONDS * 1000)
            yield Client(page, log)
        finally:
            await context.close()


async def _stay_here(route: Route) -> None:
    url = route.request.url
    here = url.startswith(("http://localhost:", "http://127.0.0.1:", "data:", "blob:"))
    await (route.continue_() if here else route.abort())


async def _answers(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(START_SECONDS):
        while True:
            try:
                async with session.get(url) as said:
                    if said.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
