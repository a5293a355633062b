"""HTML of a comment box as plain text: what a blog's database holds becomes what its readers saw, links written out."""

from __future__ import annotations

import html
import re
from typing import Final

TAG: Final = re.compile(
    r"<(/?)(a|abbr|acronym|b|big|blockquote|br|center|cite|code|del|div|em|h[1-6]|hr|i|img|ins|li|ol|p|pre|q|s|small"
    r"|span|strike|strong|sub|sup|u|ul)\b([^<>]*)>",
    re.IGNORECASE,
)
"""Tags that comment boxes let through; anything else in angle brackets was typed as text and stays."""
TARGET: Final = re.compile(r"(?:^|[\s\"'/])(?:href|src)\s*=\s*[\"']?([^\s\"'>]{1,2000})", re.IGNORECASE)
BREAKS: Final = frozenset({"br", "p", "div", "li", "blockquote", "pre", "hr", "ul", "ol"})
NEWLINES: Final = re.compile(r"\n{3,}")


def plain_text(source: str) -> str:
    """Return the text that a reader of this HTML sees; a link whose address is not in its words is followed by it.

    Text without tags or character references comes back as it is.
    """
    if "<" not in source:
        return html.unescape(source) if "&" in source else source
    source = _without_comments(source)
    pieces: list[str] = []
    target, since, end = "", 0, 0
    for tag in TAG.finditer(source):
        pieces.append(html.unescape(source[end : tag.start()]))
        end = tag.end()
        closing, name = bool(tag[1]), tag[2].lower()
        if name == "a":
            if target and target not in "".join(pieces[since:]):
                pieces.append(f" ({target})")
            target, since = ("" if closing else _target(tag[3])), len(pieces)
        elif name == "img" and _target(tag[3]):
            pieces.append(f" ({_target(tag[3])})")
        elif name in BREAKS or name[0] == "h":
            pieces.append("\n")
    pieces.append(html.unescape(source[end:]))
    if target and target not in "".join(pieces[since:]):
        pieces.append(f" ({target})")  # a link that nobody closed still leads somewhere
    return NEWLINES.sub("\n\n", "".join(pieces)).strip()


def _without_comments(source: str) -> str:
    """Leave out what a browser does not show: `<!-- … -->`, of which block editors write many."""
    kept: list[str] = []
    at = 0
    while (begin := source.find("<!--", at)) >= 0 and (end := source.find("-->", begin + 4)) >= 0:
        kept.append(source[at:begin])
        at = end + 3
    return "".join([*kept, source[at:]])


def _target(attributes: str) -> str:
    found = TARGET.search(attributes)
    return html.unescape(found[1]) if found else ""
