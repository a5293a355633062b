"""Names and texts in which nothing is seen are refused, and what spoils a page is taken out, by every way in."""

import pytest

from tests.factories import ADDRESS
from tests.web.api.caller import ARTICLE, ENTRIES, submission
from tests.wxr import comment, item

UNSEEN = [
    "\u3164", "\u2800", "\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e",  # reported
    "\u115f\u1160", "\uffa0", "\u034f", "\u180e", "\u17b4\u17b5", "\u061c", "\u200c\u200d", "\u2066\u2069", "\ufe0f",
    "\ufffc", "\U0001d159",
    "\U000e0041\U000e007f", "\U000e0100", "\u00a0\u3000", "\u2028\u2029", "\x07", "\x85", "\u0301\u0302", "\u20dd",
    " \t\r\n", "\u200b \u3164 \u2800 \u00ad",
]  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_name_or_text_that_shows_nothing_is_refused(newsroom, entry):
    for unseen in UNSEEN:
        by_name = submission(author={"name": unseen, "email": ADDRESS})
        assert ENTRIES[entry](newsroom, by_name) == {"author.name": "blank"}, ascii(unseen)
        assert ENTRIES[entry](newsroom, submission(body=unseen * 9)) == {"body": "blank"}, ascii(unseen)
    assert newsroom.count() == 0


SPOILT = [
    # what was sent, the name as kept, the text as kept
    ("Ada\nAdmin", "Ada Admin", "Ada\nAdmin"),
    ("Ada\r\n\tAdmin", "Ada Admin", "Ada\r\n\tAdmin"),
    ("Ada\u2028Admin\u2029", "Ada Admin ", "Ada\nAdmin\n"),
    ("Ada\x0bAdmin\x0c", "Ada Admin ", "Ada\nAdmin\n"),
    ("A\x07d\x1ba\x9b", "Ada", "Ada"),
    ("\u202eadA\u202c", "adA", "adA"),
    ("\u2067Ada\u2069 \u202bx", "Ada x", "Ada x"),
    ("Z" + "\u0351" * 40 + "a" + "\u0323" * 9, "Z" + "\u0351" * 3 + "a" + "\u0323" * 3, None),
    ("ก" + "\u0e47" * 60, "ก" + "\u0e47" * 6, None),
    ("Z" + "\u0346\u0e49" * 40 + "x", "Z" + "\u0346\u0e49" * 3 + "x", None),
    ("Z" + "\u1cd0" * 40, "Z" + "\u1cd0" * 6, None),
    ("Z" + "\U0001d167" * 40, "Z" + "\U0001d167" * 6, None),
    ("Z" + "\u0351\u2060" * 40, "Z" + "\u0351\u2060" * 3, None),
    ("Z" + "\u0351\u0351\u0351\u200d" * 40, "Z" + "\u0351" * 3 + "\u200d", None),
    ("ก" + "\u0e47\u0e47\u0e47\u0e47\u0e47\u0e47\u200b" * 20, "ก" + "\u0e47" * 6 + "\u200b", None),
    ("ب" + "\u064b" * 30 + "ت", "ب" + "\u064b" * 6 + "ت", None),
]
FINE = [
    "Nguyễn Thị Ánh", "Nguye\u0302\u0303n", "שָׁלוֹם", "بِسْمِ", "ཨོཾ་མ་ཎི", "မြွှေ့", "กำลัง", "ខ្មែរ", "क्षत्रिय",
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "می‌خواهم",
    "הַשָּׁמַ֖יִם", "a\u200bb", "Ⓐⓓⓐ", "ᾧ", "1️⃣",
]  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_spoils_a_page_is_taken_out(newsroom, entry):
    for number, (sent, name, body) in enumerate(SPOILT):
        given = submission(id=f"s-{number}", author={"name": sent, "email": ADDRESS}, body=sent)
        assert ENTRIES[entry](newsroom, given) == {}, ascii(sent)
        stored = newsroom.comment(f"s-{number}")
        assert (stored.author_name, stored.body) == (name, body or name), ascii(sent)


def test_ordinary_names_and_texts_stay_as_they_are(real_newsroom):
    for number, text in enumerate(FINE):
        given = submission(id=f"f-{number}", author={"name": text, "email": ADDRESS}, body=text)
        assert real_newsroom.post(given).status_code == 202
        stored = real_newsroom.comment(f"f-{number}")
        assert (stored.author_name, stored.body) == (text, text)


def test_a_title_is_one_line_too(newsroom):
    newsroom.post(submission(article={"url": ARTICLE, "title": "The bridge\n\u202eopens\x07"}))
    assert newsroom.comment().article.title == "The bridge opens"


@pytest.mark.parametrize("title", ["\u200b", " ", "\u3164\u202e"])
def test_a_title_that_shows_nothing_is_none(newsroom, title):
    newsroom.post(submission(article={"url": ARTICLE, "title": title}))
    assert newsroom.comment().article.title is None


def test_an_archive_names_whom_nobody_can_see(newsroom):
    def by(name, content):
        return item(comment(1, content).replace("[Ada]", f"[{name}]"), status="publish")

    for unseen, kept in (("\u3164", "Anonymous"), ("\u202e", "Anonymous"), ("Ada\u200b", "Ada\u200b")):
        newsroom.import_wordpress(by(unseen, f"Good {unseen!a}."))
        assert newsroom.comment("wp-1").author_name == kept
    assert newsroom.import_wordpress(by("Ada", "\u200b\u2800")) == {"refused": 1}
    assert [fault.field for fault in newsroom.import_faults] == ["body"]


def test_a_compat_api_names_whom_nobody_can_see(newsroom):
    newsroom.tune(compat_mode="queue", hold_words="quorble")
    told = {
        "api_key": newsroom.courier.akismet_key,
        "blog": "https://courier.example",
        "user_ip": "192.0.2.7",
        "permalink": ARTICLE,
        "comment_author": "\u3164\u202e",
        "comment_content": "Quorble \u202edesrever\x07",
    }
    answer = newsroom.client.post("/1.1/comment-check", data=told)
    stored = newsroom.comment(answer.headers["X-akismet-guid"])
    assert (stored.author_name, stored.body) == ("Anonymous", "Quorble desrever")
