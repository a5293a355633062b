"""The pages' catalogs: every string of its pages is in them, translated, and compiled as it is written."""

import io

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from service.domain.faults import MESSAGES
from tests.web.pages.installation import PO, WEB, catalog

KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2)}
BLUEPRINTS = ("desk", "reply", "demo")
METHODS = [(f"{blueprint}/**.py", "python") for blueprint in BLUEPRINTS] + [
    (f"templates/{blueprint}/**.html", "jinja2") for blueprint in BLUEPRINTS
]


def test_every_string_of_the_desk_speaks_german():
    found = {message for _, _, message, _, _ in extract_from_dir(WEB, METHODS, keywords=KEYWORDS) if message}
    found |= set(MESSAGES.values())
    known = {one.id if isinstance(one.id, str) else tuple(one.id): one for one in catalog() if one.id}
    assert len(found) > 200
    assert not sorted(str(one) for one in found if one not in known)
    for message in known.values():
        said = message.string if isinstance(message.string, str) else "".join(message.string)
        assert said, message.id
        assert not list(message.check()), message.id


def test_the_compiled_catalog_is_the_written_one():
    made = io.BytesIO()
    write_mo(made, catalog())
    assert made.getvalue() == PO.with_suffix(".mo").read_bytes()
