"""Pictures of what people see in Slack, drawn at phone and desktop width: ``python -m tests.bot.slack.draw [FOLDER]``.

The blocks are drawn by ``slack-blocks-to-jsx`` in Debian's Chromium, neither of which is ours.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from analysis.findings import State as Standing
from bot.slack import modal, render
from bot.state import State
from charts.picture import Picture
from commands.core.answer import Answer, Form
from tests.bot.slack.payloads import OPENED, Said

NODE = Path(__file__).parents[2] / "node"
PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
WIDTHS = {"phone": 390, "desktop": 760}
TALLEST = 3_600
MARGIN = 12
CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    *("--force-device-scale-factor=1", "--virtual-time-budget=4000", "--disable-lcd-text"),
)
LOGO = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 36 36'>"
    "<rect width='36' height='36' rx='6' fill='%231d2a3a'/><path d='M9 24l6-8 5 5 7-11' stroke='%2336c5a0'"
    " stroke-width='3' fill='none'/></svg>"
)
PAGE = """<!doctype html><meta charset=utf-8><style>{css}
body {{ margin: 0; padding: {margin}px; background: #fff; font-family: Lato, "Liberation Sans", sans-serif; }}</style>
<div id=root></div>
<script>window.logo = {logo}; window.shown = {shown}; window.shown.at = new Date(window.shown.at);</script>
<script>{script}</script>"""


def bundle(folder: Path) -> tuple[str, str]:
    """The library and its style as one script and one sheet."""
    command = [
        *("node_modules/.bin/esbuild", "draw.jsx", "--bundle", "--minify", "--jsx=automatic"),
        *('--define:process.env.NODE_ENV="production"', f"--outfile={folder / 'draw.js'}", "--log-level=warning"),
    ]
    subprocess.run(command, cwd=NODE, check=True)
    return (folder / "draw.js").read_text(), (folder / "draw.css").read_text()


def shown(blocks: Sequence[Mapping[str, Any]], pictures: Mapping[str, Picture]) -> list[Mapping[str, Any]]:
    """Blocks as the library can draw them: it cannot ask Slack for files, so pictures come inside."""
    return [_inside(block, pictures) if "slack_file" in block else block for block in blocks]


def _inside(block: Mapping[str, Any], pictures: Mapping[str, Picture]) -> Mapping[str, Any]:
    picture = pictures[block["slack_file"]["id"].removeprefix(render.PICTURE)]
    url = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    return {"type": "image", "alt_text": block["alt_text"], "image_url": url}


def drawn(blocks: Sequence[Mapping[str, Any]], width: int, parts: tuple[str, str], *, page: bool = False) -> bytes:
    """A PNG of blocks at a width, as high as they are."""
    script, css = parts
    what = {"blocks": blocks, "at": "2026-11-18T09:00:00Z", "page": page}
    # "</" would end the script
    told = PAGE.format(
        css=css, margin=MARGIN, logo=json.dumps(LOGO), shown=json.dumps(what).replace("</", "<\\/"), script=script
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "page.html").write_text(told)
        size = f"--window-size={max(width, 500)},{TALLEST}"
        framed = (
            f"<!doctype html><style>body{{margin:0}}</style><iframe src=page.html width={width} height={TALLEST}"
            " style='border:0' scrolling=no></iframe>"
        )
        (place / "frame.html").write_text(framed)
        command = [*CHROMIUM, f"--user-data-dir={place / 'user'}", size, f"--screenshot={place / 'shot.png'}"]
        subprocess.run([*command, f"file://{place / 'frame.html'}"], check=True, capture_output=True, timeout=60)
        return _trimmed((place / "shot.png").read_bytes(), width)


def _trimmed(png: bytes, width: int) -> bytes:
    """The picture without the empty space under it, in few colours."""
    whole = Image.open(BytesIO(png)).convert("RGB").crop((0, 0, width, TALLEST))
    box = ImageChops.difference(whole, Image.new("RGB", whole.size, (255, 255, 255))).getbbox()
    if box is None:
        raise ValueError("nothing was drawn")
    out = BytesIO()
    cut = whole.crop((0, 0, width, min(TALLEST, box[3] + MARGIN)))
    cut.quantize(128).save(out, "PNG", optimize=True)
    return out.getvalue()


def size_of(png: bytes) -> tuple[int, int]:
    """How wide and how high a picture is."""
    return Image.open(BytesIO(png)).size


def message(said: Said) -> list[Mapping[str, Any]]:
    """A message's blocks."""
    return shown(render.render(said.answer)["blocks"], said.pictures)


def home(answer: Answer) -> list[Mapping[str, Any]]:
    """Home's blocks."""
    return shown(render.page(render.render(answer), forms=True), {one.digest: one for one in answer.pictures})


def form(answer: Answer) -> list[Mapping[str, Any]]:
    """The blocks of the first form of an answer."""
    [first, *_] = [part for part in answer.parts if isinstance(part, Form)]
    view = modal.view(modal.packed(first), first.label, OPENED)
    return list(view["blocks"])


ASKS = ("forecast", "waste", "finding", "home", "units panel", "summary leadership", "anomalies")


def main(folder: Path) -> None:
    """Draw the main messages into a folder."""
    from bot import config as deployment
    from bot.clock import stopped_at
    from bot.log import configure
    from bot.wiring import assembled
    from tests.conftest import NOW, Talk

    configure(json=False)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        raw = {"data": {"folder": data}, "providers": [{"kind": "sample"}], "roles": {"*": ["read", "act"]}}
        with (
            assembled(deployment.parse(raw, lambda _: "draw"), stopped_at(NOW)) as crew,
            State.open(f"sqlite:///{data}/draw.db", crew.clock) as state,
        ):
            talk = Talk(crew.remembering(state))
            parts = bundle(Path(data))
            for name, blocks, page in _scenes(talk):
                for size, width in WIDTHS.items():
                    (folder / f"slack-{name}-{size}.png").write_bytes(drawn(blocks, width, parts, page=page))


def _scenes(talk: Any) -> list[tuple[str, list[Mapping[str, Any]], bool]]:
    talk.ask("assess")
    first, second, *_ = (one.short for one in talk.crew.state.findings.standing(Standing.OPEN))
    talk.ask(f"claim {second}")
    talk.ask("prefer team=search,data timezone=Europe/Berlin")
    scenes = []
    for ask in ASKS:
        answer = talk.ask(f"finding {first}" if ask == "finding" else ask)
        blocks = home(answer) if ask == "home" else message(Said(ask, answer))
        scenes.append((ask.replace(" ", "-"), blocks, ask == "home"))
    scenes.append(("units-form", form(talk.ask("units panel")), True))
    return scenes


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
