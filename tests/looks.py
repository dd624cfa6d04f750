"""The same answers side by side, as Slack, Teams and the page show them: ``python -m tests.looks docs/pictures``.

Slack's blocks are drawn by slack-blocks-to-jsx, Teams' cards by Microsoft's own adaptivecards, both from npm, and the
page by itself; all of them in Chromium.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

from jinja2 import Template
from PIL import Image
from playwright.sync_api import sync_playwright

from bot import config as deployment
from bot.clock import stopped_at
from bot.teams import render as as_teams
from bot.web import draw
from bot.wiring import assembled
from charts.picture import Picture
from commands.core.answer import Answer
from tests.bot.slack.draw import message
from tests.bot.slack.payloads import Said
from tests.conftest import NOW

NODE = Path(__file__).parent / "node"
STATIC = Path(__file__).parents[1] / "bot" / "web" / "static"
ASKS = {
    "leadership": "summary leadership",
    "forecast": "forecast team=search",
    "finding": "card {finding}",
    "anomaly": "anomalies",
    "units": "units panel",
}
WIDTH, COLUMN, TALLEST = 1560, 500, 1400
HOST = {
    "fontFamily": "'Segoe UI', 'DejaVu Sans', sans-serif",
    "supportsInteractivity": True,
    "fontSizes": {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24},
    "actions": {"actionsOrientation": "horizontal", "maxActions": 20, "buttonSpacing": 8, "actionAlignment": "left"},
}
PAGE = Template((Path(__file__).parent / "looks.html").read_text())


def main(out: Path) -> None:
    """Write a picture an answer into ``out``."""
    raw = {"providers": [{"kind": "sample"}], "roles": {"*": ["read", "act"]}}
    with TemporaryDirectory() as folder:
        config = deployment.parse(raw | {"data": {"folder": folder}}, lambda _: "here")
        with assembled(config, stopped_at(NOW)) as crew:
            found, _ = crew.assessor.fresh(NOW)
            dearest = max((one for one in found.findings if one.check == "unattached-disk"), key=_worth)
            answers = {name: crew.typed(ask.format(finding=dearest.short), "you") for name, ask in ASKS.items()}
    _pictured(answers, out)


def _worth(finding: Any) -> Any:
    return finding.monthly_waste.amount


def _pictured(answers: Mapping[str, Answer], out: Path) -> None:
    blocks = _slack([message(Said(name, one)) for name, one in answers.items()])
    style = (STATIC / "page.css").read_text()
    slack_style = (NODE / "node_modules/slack-blocks-to-jsx/dist/style.css").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for (name, answer), drawn in zip(answers.items(), blocks, strict=True):
            page = browser.new_page(viewport={"width": WIDTH + 36, "height": TALLEST})
            html = str(draw.body(answer))
            for picture in answer.pictures:
                html = html.replace(f'src="{draw.PICTURES}{picture.digest}"', f'src="{_data(picture)}"')
            page.set_content(
                PAGE.render(
                    page=style, slack=slack_style, width=WIDTH, column=COLUMN, tallest=TALLEST, blocks=drawn, html=html
                )
            )
            for script in ("markdown-it/dist/markdown-it.min.js", "adaptivecards/dist/adaptivecards.min.js"):
                page.add_script_tag(content=(NODE / "node_modules" / script).read_text())
            card = as_teams.render(answer)["card"]
            links = {f"{as_teams.PICTURE}{one.digest}": _data(one) for one in answer.pictures}
            page.evaluate(
                "([card, host]) => { AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, done) => {"
                " done.outputHtml = markdownit().render(text); done.didProcess = true; };"
                " const one = new AdaptiveCards.AdaptiveCard(); one.hostConfig = new AdaptiveCards.HostConfig(host);"
                " one.parse(card); document.getElementById('card').append(one.render()); }",
                [as_teams.filled(card, links), HOST],
            )
            page.wait_for_function("[...document.images].every((one) => one.complete)")
            path = out / f"looks-{name}.png"
            page.locator(".side").screenshot(path=path)
            Image.open(path).quantize(192).save(path, optimize=True)
            page.close()
        browser.close()


def _slack(messages: list[Any]) -> list[str]:
    command = ["node", str(NODE / "slack_blocks.cjs")]
    done = subprocess.run(command, input=json.dumps(messages), stdout=subprocess.PIPE, text=True, check=True)
    drawn: list[str] = json.loads(done.stdout)
    return drawn


def _data(picture: Picture) -> str:
    return escape(f"data:image/png;base64,{base64.b64encode(picture.png).decode()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
