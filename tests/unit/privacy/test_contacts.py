"""Contacts in a text: addresses, numbers and handles go, everything else stays."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.privacy.masking import PLACEHOLDERS, Masked, mask
from service.privacy.sealing import Address
from tools.evidence.contacts import lines, ours, tally

bounded = settings(derandomize=True, max_examples=150, deadline=None, database=None)
OWN = Address.parse("Me@Bücher.example")


LINES = list(lines())


def restored(masked):
    text = masked.text
    for contact in reversed(masked.found):
        text = text[: contact.begin] + contact.original + text[contact.end :]
    return text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to jane.doe+x@example.org!", "write to ⟦email⟧!"),
        ("JANE@EXAMPLE.ORG.", "⟦email⟧."),
        ("(jane@example.org), <bob@example.org>; ok", "(⟦email⟧), <⟦email⟧>; ok"),
        ("jane@example.org,bob@example.org", "⟦email⟧,⟦email⟧"),
        ("email:jane@example.org", "email:⟦email⟧"),
        ("'jane@example.org'", "'⟦email⟧'"),
        ("see bob@example.com.Thanks", "see ⟦email⟧.Thanks"),
        ("mailto:bob@example.org?subject=hi", "⟦email⟧?subject=hi"),
        ('<a href="mailto:b@example.org">b@example.org</a>', '<a href="⟦email⟧">⟦email⟧</a>'),
        ('"jane doe"@example.org wrote', "⟦email⟧ wrote"),
        ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ ok", "⟦email⟧ ok"),
        ("𝐣𝐚𝐧𝐞@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐨𝐫𝐠", "⟦email⟧"),
        ("ja\u200bne@exam\u00adple.org ok", "⟦email⟧ ok"),
        ("jürgen.müller@bücher.example", "⟦email⟧"),
        ("用户@例え.テスト", "⟦email⟧"),
        ("我的邮箱是foo@example.com谢谢", "我的邮箱是⟦email⟧谢谢"),
        ("我的邮箱是foo@example.com。谢谢你", "我的邮箱是⟦email⟧。谢谢你"),
        ("пиши на ivan@example.ru", "пиши на ⟦email⟧"),
        ("https://x.example/?to=bob%40example.com&y=1", "https://x.example/?to=⟦email⟧&y=1"),
        ("bob&#64;example.com bob&commat;example.com", "⟦email⟧ ⟦email⟧"),
        ("bob\\u0040example.com", "⟦email⟧"),
        ("bob@gmail dot com", "⟦email⟧"),
        ("john at gmail dot com", "⟦email⟧"),
        ("john dot van dot smith AT gmail DOT com", "⟦email⟧"),
        ("info at example dot org, thanks", "⟦email⟧, thanks"),
        ("john (at) example (dot) org", "⟦email⟧"),
        ("john[at]example[dot]co[dot]uk", "⟦email⟧"),
        ("john{at}example.org", "⟦email⟧"),
        ("john @ gmail . com", "⟦email⟧"),
        ("john @ gmail.com", "⟦email⟧"),
        ("jane.d at example.com", "⟦email⟧"),
        ("jane.doe at mail dot example", "⟦email⟧"),
        ("john(at)gmail", "⟦email⟧"),
        ("max punkt muster (ät) web punkt de", "⟦email⟧"),
        ("juan arroba gmail punto com", "⟦email⟧"),
        ("jean arobase exemple point fr", "⟦email⟧"),
        ("root@192.0.2.1", "⟦email⟧"),
        # numbers
        ("call +49 171 2345678 now", "call ⟦phone⟧ now"),
        ("+1 (212) 736-5000, +44 20 7946 0958", "⟦phone⟧, ⟦phone⟧"),
        ("tel:+4930123456", "tel:⟦phone⟧"),
        ("call me: 0171 2345678.", "call me: ⟦phone⟧."),
        ("meine Nummer ist 2345678", "meine Nummer ist ⟦phone⟧"),
        ("06 12 34 56 78", "⟦phone⟧"),
        ("020 7946 0958 in London", "⟦phone⟧ in London"),
        ("(212) 736-5000 or 212.736.5000", "⟦phone⟧ or ⟦phone⟧"),
        ("0049 171 2345678", "⟦phone⟧"),
        ("tel: ٠١٧١٢٣٤٥٦٧٨", "tel: ⟦phone⟧"),
        ("＋４９ １７１ ２３４５６７８", "⟦phone⟧"),
        ("text 08718730666 (10p a minute)", "text ⟦phone⟧ (10p a minute)"),
        # handles
        ("t.me/jane_doe", "⟦handle⟧"),
        ("come: https://t.me/+AbC-d, all", "come: ⟦handle⟧, all"),
        ("jane_doe.t.me", "⟦handle⟧"),
        ("wa.me/491712345678", "⟦handle⟧"),
        ("https://api.whatsapp.com/send?phone=491712345678 ok", "⟦handle⟧ ok"),
        ("discord.gg/AbCdEf!", "⟦handle⟧!"),
        ("tg://resolve?domain=jane", "⟦handle⟧"),
        ("telegram: @jane", "telegram: ⟦handle⟧"),
        ("my Telegram is @jane_doe.", "my Telegram is ⟦handle⟧."),
        ("telegram: jane_doe99", "telegram: ⟦handle⟧"),
        ("tg @joe", "tg ⟦handle⟧"),
        ("find @jane_x on telegram", "find ⟦handle⟧ on telegram"),
        ("whatsapp +49 171 2345678", "whatsapp ⟦handle⟧"),
        ("WhatsApp: 01712345678", "WhatsApp: ⟦handle⟧"),
        ("add me on discord: shadow#1234", "add me on discord: ⟦handle⟧"),
        ("skype: live:john.doe", "skype: ⟦handle⟧"),
        ("kik: joeblow", "kik: ⟦handle⟧"),
        ("微信：abc_123", "微信：⟦handle⟧"),
        ("@jane@mastodon.example", "⟦handle⟧"),
        ("@jane:matrix.example", "⟦handle⟧"),
    ],
)
def test_contacts_are_masked(text, shown):
    assert mask(text).text == shown


@pytest.mark.parametrize("style", sorted({one.style for one in LINES}))
def test_every_contact_of_the_written_lines_is_masked_and_nothing_else(style):
    given = [one for one in LINES if one.style == style]
    for with_region in (False, True):
        counts = tally(given, ours, with_region)
        assert (counts.recall, counts.precision) == (1.0, 1.0)


def test_the_sites_region_makes_national_numbers_known():
    assert mask("oder 40 636360, ja", "DE").text == mask("oder 40 636360, ja").text
    assert mask("oder 030 636360, ja").text == "oder ⟦phone⟧, ja"
    assert mask("or 2127365000, yes").text == "or 2127365000, yes"
    assert mask("or 2127365000, yes", "US").text == "or ⟦phone⟧, yes"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "An ordinary comment, with 90% agreement since 2026.",
        "@bob you are wrong, and @alice too",
        "look at example dot com",
        "I shop at amazon.com and work at example.com",
        "at this point in time, at some point we stop",
        "the discussion at Yahoo",
        "the logo is logo@2x.png",
        "https://video.example/@user/foo.bar",
        "react@18.2.0",
        "1234567 people, $1,234,567,890 and 3.1415926535",
        "on 2024-11-22 19:00 and 01.02.2024 19:00",
        "192.168.100.200 port 8080",
        "ISBN 978-3-16-148410-0",
        "start.me/p/abc is not a messenger",
        "Telegram: a disgrace. Signal: the noise",
        "Signal is a good app, Discord 2024 too",
        "I am right about the line",
        "5 @ 3 dollars",
        "C'est le point de vue d'un autre",
    ],
)
def test_what_is_no_contact_stays(text):
    assert mask(text) == Masked(text, ())


def test_places_count_code_points_of_a_masked_text_that_does_not_print():
    text = "😀 jane@example.org, +49 171 2345678 & telegram: @jane 😀"
    masked = mask(text)
    assert masked.text == "😀 ⟦email⟧, ⟦phone⟧ & telegram: ⟦handle⟧ 😀"
    assert [masked.text[one.begin : one.end] for one in masked.found] == ["⟦email⟧", "⟦phone⟧", "⟦handle⟧"]
    assert [one.original for one in masked.found] == ["jane@example.org", "+49 171 2345678", "@jane"]
    assert restored(masked) == text
    assert "jane" not in repr(masked)
    assert "telegram" not in repr(masked)


def test_a_reader_cannot_forge_a_placeholder():
    masked = mask("⟦email⟧ jane@example.org ⟦phone⟧")
    assert masked.text == "〚email〛 ⟦email⟧ 〚phone〛"
    assert len(masked.found) == 1
    assert mask("no contact, just ⟦handle⟧").text == "no contact, just 〚handle〛"


@pytest.mark.parametrize(
    "typed",
    [
        "me@bücher.example",
        "ME@BÜCHER.EXAMPLE",
        "me@xn--bcher-kva.example",
        quote("me@bücher.example"),
        quote("Me@Bücher.example", safe="").lower(),
        "me%40b%C3%BCcher%2Eexample",
        "me@b%c3%bccher%2eexample",
        quote(quote("me@bücher.example")),
        "me at bücher dot example",
        "me at bücher.example",
        "me (at) bücher (dot) example",
        "me[at]xn--bcher-kva[dot]example",
        "m\u200be@bü\u2060cher.example",
        "ｍｅ＠bücher．example",
        "xme@bücher.example",
        "https://news.example/?from=me%40b%c3%bccher.example",
        "me@bücher.example.",
        "名me@bücher.example名",
    ],
)
def test_the_writers_own_address_never_survives(typed):
    masked = mask(f"so {typed} it is", own=OWN)
    assert "cher" not in masked.text
    assert "⟦email⟧" in masked.text
    assert restored(masked) == f"so {typed} it is"


def test_a_dotted_name_goes_in_every_mixture_of_spellings():
    own = Address.parse("Look.At@Mail.News.Example")
    for name in ("look.at", "look dot at", "LOOK.AT"):
        for domain in (" at mail dot news dot example", "@mail.news.example", " at mail.news.example"):
            shown = mask(f"so {name}{domain} ok", own=own).text
            assert "mail" not in shown.replace("⟦email⟧", "")
            assert "look" not in shown.lower()


PIECES = """
@ %40 at (at) dot . me Me bücher example.org +49 171 2345678 0171 telegram: t.me/ @x ⟦email⟧ ⟦ &#64; %2540 ＠ mailto:
1234567 discord shadow#1234 %C3%BC %C3 &commat;
"""
WORDS = st.lists(
    st.one_of(st.text(max_size=12), st.sampled_from([*PIECES.split(), " ", "\n", "\u200b", "\u0308"])),
    max_size=14,
)


@bounded
@given(WORDS, st.sampled_from(["", " "]), st.sampled_from([None, "DE", "US"]))
def test_masking_any_text_can_be_undone_in_place(words, glue, region):
    text = glue.join(words)
    masked = mask(text, region, OWN)
    assert all(masked.text[one.begin : one.end] == PLACEHOLDERS[one.kind] for one in masked.found)
    brackets = str.maketrans("⟦⟧", "〚〛")
    assert restored(masked).translate(brackets) == text.translate(brackets)
    assert masked.text.count("⟦") == masked.text.count("⟧") == len(masked.found)


@bounded
@given(WORDS, WORDS, st.sampled_from(["", " ", "x", "@", ".", "\n", "é", "名"]))
def test_no_surroundings_save_the_own_address(before, after, glue):
    text = "".join(before) + glue + "Me@BÜCHER.example" + glue + "".join(after)
    assert "me@bücher.example" not in mask(text, own=OWN).text.lower()
