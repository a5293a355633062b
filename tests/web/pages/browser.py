"""A browser without scripts: it reads pages, fills forms as they stand, and sends what a real one would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient

VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})


@dataclass
class Element:
    """One element with what is in it; `text` is what a reader could select."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        """The text in one line."""
        return " ".join(self.text.split())

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Every element below this one with that tag and those attributes (`class_` for class)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and wanted.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def fields(self) -> dict[str, str]:
        """What this form sends as it stands, its buttons left out."""
        inputs = [
            one for one in self.all("input") if "name" in one.attributes and "disabled" not in one.attributes
        ]
        sent = {one.attributes["name"]: one.attributes.get("value", "") for one in inputs}
        # an HTML parser drops the first line break in a textarea, as browsers do
        return sent | {one.attributes["name"]: one.text.removeprefix("\n") for one in self.all("textarea")}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("page", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """Parse a page or fragment; markup that is not well nested is an error."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root], f"<{reader.open[-1].tag}> is not closed"
    return reader.root


@dataclass
class Page:
    """An answer: its status, headers, and what it shows."""

    status: int
    headers: dict[str, str]
    html: str

    @property
    def tree(self) -> Element:
        return read(self.html)

    @property
    def text(self) -> str:
        return self.tree.words


class Browser:
    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, **headers: str) -> Page:
        return self._send("GET", url, None, headers)

    def post(self, url: str, fields: dict[str, str] | None = None, **headers: str) -> Page:
        return self._send("POST", url, fields or {}, headers)

    def send(self, form: Element, fields: dict[str, str] | None = None, **headers: str) -> Page:
        """Send a form as it stands, with these fields changed."""
        return self.post(form.attributes["action"], form.fields() | (fields or {}), **headers)

    def _send(self, method: str, url: str, fields: dict[str, str] | None, headers: dict[str, str]) -> Page:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.open(url, method=method, data=fields, headers={"Accept": "text/html", **named})
        return Page(response.status_code, dict(response.headers), response.get_data(as_text=True))
