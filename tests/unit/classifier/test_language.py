"""Which language a text is in, and when that is reason enough not to believe its score."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from classifier.language import identify


def test_the_likeliest_language_comes_first():
    likely = identify("Merci beaucoup pour cet article très intéressant sur notre ville")
    assert next(iter(likely)) == "fr"
    assert list(likely.values()) == sorted(likely.values(), reverse=True)
    assert 0.5 < sum(likely.values()) <= 1.001


@pytest.mark.parametrize(
    "text",
    [
        "MERCI BEAUCOUP POUR CET ARTICLE",
        "Merci beaucoup\npour cet article",
        "</s> Merci beaucoup pour cet article </s>",
        "Merci beaucoup\0pour cet article",
        "Merci beaucoup pour cet article \ud800",
        "\0</s> Merci beaucoup pour cet article",
    ],
)
def test_capitals_line_ends_and_broken_characters_do_not_hide_a_language(text):
    assert next(iter(identify(text))) == "fr"


@pytest.mark.parametrize("text", ["", " \n ", "\ud800", "\0", "</s>", "x" * 100_000, "💙" * 5000])
def test_no_text_is_refused(text):
    assert all(0 <= share <= 1.001 for share in identify(text).values())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # inflected words are no reason for doubt
        ("기자님은 도대체 무슨생각으로 이런기사를 쓰셨는지 궁금하네요", "ko"),
        ("우리 동네에도 이런 다리가 생기면 출퇴근이 훨씬 편해질텐데요", "ko"),
        ("والله هالمشروع الجديد بيفيد أهل المدينة كلهم وبيوفر وقتهم الصبح", "ar"),
        # the languages it was trained in
        ("This is a perfectly ordinary comment about the trains.", "en"),
        ("Das ist doch ein ganz normaler Kommentar zu diesem Thema.", "de"),
        ("Isso é um comentário normal sobre a cidade e as pessoas.", "pt"),
        # few words are believed too
        *(
            (text, None)
            for text in ("I agree", "you people", "Great article", "Trump lies", "stfu", "go to hell")
        ),
        *((text, None) for text in ("Well said sir", "Ch3ap w a t c h e s", "Nice work Bob", "Du Arschloch")),
        *(
            (text, None)
            for text in ("Halt die Fresse", "Schöner Artikel", "Obrigado pelo artigo", "Vai se foder")
        ),
    ],
)
def test_a_trained_language_is_known_and_believed(model, text, language):
    score = model.score([text], effort="fast")[0]
    assert (score.confident, score.doubt) == (True, None)
    assert language in (None, score.language)


CARELESS = ["brooo wtf", "nah fam u trippin", "Congrats!!!", "omg yesss", "Lol nope."]


def test_careless_english_is_not_taken_for_another_language(model):
    assert "language" not in [score.doubt for score in model.score(CARELESS, effort="fast")]


def test_english_among_numbers_needs_no_second_look(model, monkeypatch):
    asked = []

    def asking(text):
        asked.append(text)
        return {"en": 1.0}

    monkeypatch.setattr("classifier.language.identify", asking)
    numbers = "they paid 100, 200, 300, 400, 500, 600, 700 and 800 for the bridge"
    assert model.score([numbers], effort="fast")[0].language == "en"
    assert not asked


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("Detta är en mycket bra artikel om skolan och lärarna i vår kommun", {"language"}),
        ("Это очень хорошая статья о школе и учителях нашего города", {"language"}),
        *((text, {"language", "few_known_features"}) for text in ("qwrtz plkjhg vbnmxc wrtpsd", "😀", "")),
        # few words of another language are not taken for English
        ("Merci beaucoup pour cet article", {"language"}),
        ("Je suis tout a fait d accord avec vous", {"language"}),
        ("Ik ben het er mee eens", {"language"}),
        *((text, {"language"}) for text in ("Hijo de puta", "muy bueno", "Sei un idiota", "Siktir git")),
        *((text, {"language"}) for text in ("Ty kurwo", "Du är en idiot")),
    ],
)
def test_what_it_does_not_know_it_says(model, text, doubts):
    score = model.score([text], effort="fast")[0]
    assert not score.confident
    assert score.doubt in doubts


def test_nothing_is_logged(model, caplog):
    with caplog.at_level(logging.DEBUG):
        model.score(["Merci beaucoup pour cet article", "Sei un idiota"])
    assert not caplog.records


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells a process its size")
def test_the_identifier_is_light():
    code = (
        "import resource; from pathlib import Path; from classifier import language; import classifier.model\n"
        "size = lambda: int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize()\n"
        "before = size(); language.identify('Merci beaucoup pour cet article'); print(size() - before)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(told) < 20_000_000
