"""Search finds a text however it is spelt, in every store: one normal form for what is indexed and what is asked."""

import unicodedata

from tests.factories import NOON, draft

FOUND = [
    ("Die Straße ist gesperrt.", "STRASSE"),
    ("Die STRASSE ist gesperrt.", "Straße"),
    ("Fußball heute", "fussball"),
    ("FUSSBALL heute", "Fußball"),
    ("İstanbul'da", "istanbul"),
    ("istanbul", "İSTANBUL"),
    ("橋を渡る", "橋"),
    ("この橋は古い", "橋"),
    ("이 바보야", "바보"),
    ("यह हिन्दी है", "हिन्दी"),
    (unicodedata.normalize("NFD", "Übergänge"), unicodedata.normalize("NFC", "Übergänge")),
    (unicodedata.normalize("NFC", "Übergänge"), unicodedata.normalize("NFD", "ÜBERGÄNGE")),
    # neighbours
    ("caffè e però", "caffe"),
    ("la niña", "nina"),
    ("Łódź", "łódź"),
    ("Ångström", "angstrom"),
    ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς"),
    ("Всё ещё", "все"),
    ("كِتَابٌ", "كتاب"),
    ("كـــتاب", "كتاب"),
    ("سَلام أحمد", "احمد"),
    ("שָׁלוֹם", "שלום"),
    ("วันนี้ฝนตกหนัก", "ฝนตก"),
    ("我們過橋", "過橋"),
    ("東京都庁", "京都"),
    ("ｶﾞｲﾄﾞ", "ガイド"),
    ("ខ្ញុំស្រឡាញ់អ្នក", "ស្រឡាញ់"),
    ("বাংলা ভাষা", "ভাষা"),
    ("தமிழ் மொழி", "மொழி"),
    ("zorbo\u200bcoin", "zorbocoin"),
    ("ｚｏｒｂｏｃｏｉｎ", "zorbocoin"),
    ("🆉🅾🆁🅱🅾", "zorbo"),
    ("see https://example.org/bridge-news", "bridge"),
    ("mail me: foo.bar/baz", "bar"),
    ("l'hôtel", "hotel"),
    ("version 3.14", "3.14"),
    ("C'est l’été", "ete"),
    ("don’t", "don't"),
    ("سنة ٢٠٢٤", "2024"),
    ("room 101", "१०१"),
    ("ma sœur", "soeur"),
    ("mon coeur", "cœur"),
    ("ZorboCoin™ forever", "zorbocoin"),
    ("z้o้r้b้o้", "zorbo"),
    ("진짜바보", "바보"),
    ("𠮷野家", "野家"),
    ("അവന്\u200d വന്നു", "അവൻ"),
    ("എൻ്റെ വീട്", "എന്റെ"),
    ("เเม่น\u0e4d\u0e49\u0e32", "แม่น้ำ"),
    ("ہندوستان", "هندوستان"),
    ("con chó", "cho"),
    ("am ajuns la Iaşi", "Iași"),
    ("ဘ၀ တစ်ခု", "ဘဝ"),
    ("នៅកេាះនេះ", "កោះ"),
    ("ប្ដីរបស់ខ្ញុំ", "ប្តី"),
    ("கெளரவம் முக்கியம்", "கௌரவம்"),
    ("די װעלט", "וועלט"),
    ("زمانی کورده\u200c", "کوردە"),
    ("ꦲꦱꦸꦏꦺ", "ꦱꦸ"),
]
MISSED = [
    ("हमें चार बसें", "चोर"),
    ("यह हिन्दू है", "हिन्दी"),
    ("渡る橋", "橋渡"),
    ("보바", "바보"),
    ("バカンス", "バス"),
    ("йод", "иод"),
    ("がく", "かく"),
    ("well played 🇮🇸🇮🇸", "isis"),
    ("a b", "ab"),
]


def indexed(tx, site, *bodies):
    drafts = [draft(f"c-{n}", author_name="X", body=body) for n, body in enumerate(bodies)]
    added = tx.comments.add(site.id, drafts, NOON)
    tx.search.index([one.pk for one in added.values()])
    return [one.id for one in drafts]


def test_a_text_is_found_however_it_is_spelt(tx, site):
    names = indexed(tx, site, *(body for body, _ in FOUND))
    for name, (body, asked) in zip(names, FOUND, strict=True):
        assert name in {one.id for one in tx.search.find([asked], site.id, None, 100)}, (body, asked)


def test_what_is_another_word_is_not_found(tx, site):
    names = indexed(tx, site, *(body for body, _ in MISSED))
    for name, (body, asked) in zip(names, MISSED, strict=True):
        assert name not in {one.id for one in tx.search.find([asked], site.id, None, 100)}, (body, asked)


def test_every_word_must_be_there(tx, site):
    indexed(tx, site, "Die Brücke 橋 ist offen", "Die Brücke ist zu", "橋")
    assert [one.id for one in tx.search.find(["brucke", "橋"], None, None, 9)] == ["c-0"]
    assert [one.id for one in tx.search.find(["BRÜCKE"], None, None, 9)] == ["c-1", "c-0"]
    assert [one.id for one in tx.search.find(["…", "橋", "\u200b"], None, None, 9)] == ["c-2", "c-0"]
    assert tx.search.find(["…", "'", "\\", "<->", "🇮🇸"], None, None, 9) == []


def test_hostile_texts_are_indexed(tx, site):
    every = "".join(chr(point) for point in range(0x4E00, 0x4E00 + 19_990))
    hostile = [
        "a" * 20_000,
        "橋" * 20_000,
        "कि" + "ि" * 19_000,
        "a " * 10_000,
        every,
        "' \\ : & | ! <-> ( ) *",
    ]
    indexed(tx, site, *hostile)
    assert [one.id for one in tx.search.find(["橋橋橋"], None, None, 9)] == ["c-1"]
    assert [one.id for one in tx.search.find([every[100:104]], None, None, 9)] == ["c-4"]
    assert [one.id for one in tx.search.find(["a" * 20_000], None, None, 9)] == ["c-0"]
    assert [one.id for one in tx.search.find(["a"], None, None, 9)] == ["c-3"]
