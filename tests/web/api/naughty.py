"""Strings and bodies that have broken other people's software; none of them breaks ours."""

from __future__ import annotations

import json
from typing import Final

from tests.web.api.caller import submission

STRINGS: Final = (
    # nothing, and things that other languages take for nothing
    "", " ", "\t", "\n", "\r\n", "null", "nil", "undefined", "None", "NaN", "Infinity", "-0", "true", "[]", "{}",
    # numbers that are none, or too many
    "0x10", "1e309", "9" * 400, "1/0", "٣٤٥", "½", "१२३",
    # what a terminal, a log or a header would act on
    "\x1b[2J\x1b]0;owned\x07", "\x07\x08\x7f", "a\r\nX-Injected: 1", "a\x00b", "\x01\x02\x1f", "\x85\x9b",
    # markup and templates
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)", "{{ 7 * 7 }}", "{% for x in y %}", "${jndi:ldap://127.0.0.1/a}", "<!--#exec cmd=\"ls\"-->",
    "<![CDATA[", "&#x00;", "%3Cscript%3E", "[link](javascript:alert(1))",
    # other languages' commands
    "' OR 1=1 --", "'; DROP TABLE comments; --", "%' AND 1=1", "$(reboot)", "`reboot`", "| cat /etc/passwd",
    "=cmd|' /C calc'!A0", "../../../../etc/passwd", "..\\..\\windows\\win.ini", "file:///etc/passwd", "%00", "%s%n%x",
    "{0}", "{field.__class__}", "%(name)s", "\\u0000", "\\", "\"", "'", "`", "\u2028\u2029",
    # letters that surprise
    "ẞß", "ﬃ", "İı", "ǆ", "e\u0301", "\u0301" * 60, "Z\u0351\u036b\u0343a\u0321l\u0489g\u034fo", "\u200b", "\ufeff",
    "\u202etxet desrever", "\u2066isolated\u2069", "\u00ad", "\u3164", "\uffff", "\ufffd", "\U0010ffff", "\ue000",
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏿" * 50, "🇩🇪🇫🇷", "田中さんにあげて下さい", "שלום עולם", "مرحبا بالعالم",
    "Ω≈ç√∫˜µ≤≥÷", "⒯⒣⒠", "ᴀᴅᴀ",
    "\ud800", "\udfff\ud800", "a\udc80b",
    # long, wide, repeated
    "a" * 20_000, "ä" * 20_000, "😀" * 20_000, "a" * 20_001, " " * 19_999 + "x", "\n" * 500 + "x", "@" * 3_000,
    "a@" * 3_000, "a.b." * 3_000, "1234567890 " * 1_000, "http://" * 1_000, "[url=" * 1_000, "(" * 5_000,
    # our own signs
    "⟦email⟧", "⟦phone⟧⟦handle⟧", "⟦⟦email⟧", "rk_" + "a" * 43, "whsec_" + "A" * 44,
    # addresses where none belongs
    "ada.unique.canary@example.org", "\"quoted local\"@example.org", "ada＠example.org", "ada(at)example(dot)org",
    "mailto:ada.unique.canary@example.org?subject=x", "+49 30 901820", "t.me/ada_unique_canary",
)  # fmt: skip

GOOD: Final = json.dumps(submission()).encode()


MALFORMED: Final = {
    "nothing": b"",
    "white space": b"   ",
    "an open brace": b"{",
    "something after the end": GOOD + b"x",
    "a missing end": GOOD[:-1],
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32 without a mark": GOOD.decode().encode("utf-32-le"),
    "Latin-1": GOOD.replace(b"bridge", b"br\xfcdge"),
    "an encoded surrogate": b'{"body": "\xed\xa0\x80"}',
    "an overlong NUL": b'{"body": "\xc0\x80"}',
    "a raw NUL": b'{"body": "a\x00b"}',
    "NUL bytes alone": b"\0" * 1000,
    "a raw newline": b'{"body": "a\nb"}',
    "single quotes": b"{'body': 'a'}",
    "a trailing comma": b'{"body": "a",}',
    "a comment": b'{"body": "a" /* no */}',
    "an unknown escape": b'{"body": "\\x41"}',
    "a leading zero": b'{"body": 01}',
    "a bomb of brackets": b"[" * 100_000,
    "a bomb of braces": b'{"a":' * 30_000,
    "a closed bomb": b"[" * 100_000 + b"]" * 100_000,
    "a number of 5,000 digits": b'{"body": ' + b"1" * 5_000 + b"}",
    "a hundred NaN": b'{"body": ' + b"[NaN," * 101 + b"1" + b"]" * 101 + b"}",
}
"""Bodies that are no JSON, by what is wrong with them."""

NO_OBJECTS: Final = (b"null", b"[]", b"7", b'"text"', b"true")
