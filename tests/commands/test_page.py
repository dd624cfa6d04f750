"""Answers as a document that stands alone."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as some

from charts.picture import Picture
from commands.core.answer import (
    Answer,
    Button,
    Buttons,
    Chart,
    Choices,
    Code,
    Facts,
    Field,
    File,
    Form,
    Note,
    Table,
    Text,
    Tone,
)
from commands.core.page import page

KNOWN = {
    *("html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "nav", "ol", "li", "a", "main"),
    *("section", "dl", "dt", "dd", "div", "table", "thead", "tbody", "tr", "th", "td", "figure", "img", "pre"),
    *("ul", "b", "code"),
}


class Seen(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def whole(text: str) -> Answer:
    return Answer(
        text,
        (
            Text(f"**{text}** and `{text}`"),
            Facts(((text, text),)),
            Table((text, "n"), ((text, "1"),), numbers=(1,)),
            Chart(Picture(b"\x89PNG", text, "chart")),
            Code(text, text),
            Buttons((Button(text, f"claim {text}"),)),
            Choices(text, (Button(text, text),), text),
            Form(text, text, text, (Field("a", text),)),
            File("a.csv", "text/csv", b"", text),
            Note(text),
        ),
        Tone.WARN,
    )


def read(text: str) -> Seen:
    seen = Seen()
    seen.feed(page("Review", (whole(text), whole(text)), lead=text).decode())
    return seen


@given(some.text(alphabet="<>&\"'`*/= \u202eab=onclickscript:{}%#"))
def test_no_name_of_anything_becomes_markup(text: str) -> None:
    seen = read(text)

    assert {tag for tag, _ in seen.tags} <= KNOWN
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]


def test_it_needs_nothing_from_anywhere_and_runs_nothing() -> None:
    seen = read("https://evil.example/x.png")

    sources = [attributes.get("src") or "" for _, attributes in seen.tags if "src" in attributes]
    assert sources and all(source.startswith("data:image/png;base64,") for source in sources)
    links = [attributes["href"] or "" for _, attributes in seen.tags if "href" in attributes]
    assert links == ["#part-1", "#part-2"]
    [policy] = [attributes for tag, attributes in seen.tags if "http-equiv" in attributes]
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_every_part_is_there_and_a_picture_has_its_words() -> None:
    seen = read("October & <November>")

    assert all(attributes.get("alt") == "October & <November>" for tag, attributes in seen.tags if tag == "img")
    assert seen.words.count("October & <November>") > 10
    assert ("td", {"class": "number"}) in seen.tags
