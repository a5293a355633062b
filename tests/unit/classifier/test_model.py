"""The shipped model: seven probabilities for anything, the same alone and in any batch, its own doubts told."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classifier.pieces import LONG, MARGIN, PIECE, cut

from classifier import LABELS, Model, ModelError, Signals, artifact
from classifier.model import TOGETHER
from classifier.reread import Lexicon
from classifier.text import Views, read_as

PLAIN = [
    "You are an idiot and a liar.",
    "Thank you for this article, the part about the budget was new to me.",
    "I will find you and kill you",
    "Cheap viagra without prescription, visit http://pills-4-you.xyz now",
    "y0u 4r3 4n 1d10t",
    "Das ist ein guter Artikel, vielen Dank an die Redaktion.",
    "",
    "😀😀",
]
HOSTILE = {
    "empty": "",
    "one character": "x",
    "only emoji": "😀" * 500,
    "only zero width": "\u200b" * 5000,
    "lone surrogates": "\ud800 a \udfff" * 50,
    "right to left overrides": "\u202e" * 1000 + "toidi",
    "combining marks": "a" + "\u0301" * 100_000,
    "NUL bytes": "\x00" * 100 + "hello\x00you",
    "beyond every table": "\U0010ffff\U000f0000" * 100,
    "one word": "a" * 50_000,
    "a million of one letter": "a" * 1_000_000,
    "all stars": "*" * 20_000,
    "all dots": "i." * 20_000,
    "all spaced": "a " * 20_000,
    "all leet": "1d10t " * 5_000,
    "all tags": "<b>" * 10_000,
    "open tags": "<b" * 10_000,
    "entities": "&amp;&#105;" * 5_000,
    "brackets": "[" * 20_000,
    "quotes": "'" * 20_000,
    "new lines": "\r\n\x85\u2028" * 2000,
    "ligatures": "ﷺ㍿ﬃ" * 2000,
}


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model."""
    return Model.load()


def test_every_label_gets_a_probability(model: Model) -> None:
    """Each text gets all seven labels, finite and within 0 to 1, from this model."""
    for score in model.score(PLAIN):
        assert tuple(score.scores) == LABELS
        assert all(math.isfinite(value) and 0 <= value <= 1 for value in score.scores.values())
        assert score.model == model.version


def test_it_tells_abuse_threats_and_spam_from_thanks(model: Model) -> None:
    """Plain cases come out plainly."""
    insult, thanks, threat, spam, leet = (score.scores for score in model.score(PLAIN[:5]))
    assert insult["toxicity"] > 0.9 > 0.05 > thanks["toxicity"]
    assert insult["insult"] > 0.8
    assert threat["threat"] > 0.3 > 0.05 > thanks["threat"]
    assert spam["spam"] > 0.8 > 0.1 > thanks["spam"]
    assert leet["toxicity"] > 0.9


def test_a_text_scores_the_same_alone_and_in_any_batch(model: Model) -> None:
    """Neighbours never change a score."""
    texts = PLAIN * 40
    batch = model.score(texts)
    alone = [model.score([text])[0] for text in PLAIN]
    for row, score in enumerate(batch):
        for label in LABELS:
            assert score.scores[label] == pytest.approx(alone[row % len(PLAIN)].scores[label], abs=1e-9)


def test_disguise_is_told_and_plain_text_is_not_called_disguised(model: Model) -> None:
    """`reads_as` is there exactly for the disguised."""
    plain, leet = model.score([PLAIN[0], PLAIN[4]])
    assert plain.reads_as is None
    assert plain.disguise == 0
    assert leet.reads_as == "you are an idiot"
    assert 0 < leet.disguise <= 1


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("Detta är en mycket bra artikel om skolan och lärarna i vår kommun", "language"),
        ("Это очень хорошая статья о школе и учителях нашего города", "language"),
        ("qwrtz plkjhg vbnmxc wrtpsd", "few_known_features"),
        ("😀", "few_known_features"),
        ("", "few_known_features"),
    ],
)
def test_what_it_does_not_know_it_says(model: Model, text: str, doubt: str) -> None:
    """A foreign language or unknown words are answered without confidence."""
    score = model.score([text])[0]
    assert not score.confident
    assert score.doubt in (doubt, "language")


@pytest.mark.parametrize(
    "text",
    [
        "Merci beaucoup pour cet article",
        "Je suis tout a fait d accord avec vous",
        "Hijo de puta",
        "muy bueno",
        "Sei un idiota",
        "Ik ben het er mee eens",
        "Siktir git",
        "Ty kurwo",
        "Du är en idiot",
    ],
)
def test_few_words_of_another_language_are_not_taken_for_english(model: Model, text: str) -> None:
    """Words of other languages occur among English comments; a short text of them is answered without confidence."""
    score = model.score([text])[0]
    assert (score.confident, score.doubt) == (False, "language")


@pytest.mark.parametrize(
    "text",
    [
        "I agree",
        "you people",
        "Great article",
        "Trump lies",
        "stfu",
        "go to hell",
        "Well said sir",
        "Ch3ap w a t c h e s",
        "Nice work Bob",
    ]
    + ["Du Arschloch", "Halt die Fresse", "Schöner Artikel", "Obrigado pelo artigo", "Vai se foder"],
)
def test_few_words_of_a_trained_language_are_believed(model: Model, text: str) -> None:
    """A short comment in a language that the model was trained in is answered with confidence."""
    assert model.score([text])[0].confident


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This is a perfectly ordinary comment about the trains.", "en"),
        ("Das ist doch ein ganz normaler Kommentar zu diesem Thema.", "de"),
        ("Isso é um comentário normal sobre a cidade e as pessoas.", "pt"),
    ],
)
def test_it_knows_the_languages_it_was_trained_in(model: Model, text: str, language: str) -> None:
    """A trained language is named, and believed."""
    score = model.score([text])[0]
    assert (score.language, score.confident, score.doubt) == (language, True, None)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_gets_finite_scores(model: Model, name: str) -> None:
    """No text raises, and no score is anything but a probability."""
    score = model.score([HOSTILE[name]])[0]
    assert all(math.isfinite(value) and 0 <= value <= 1 for value in score.scores.values())
    explanation = model.explain(HOSTILE[name])
    assert abs(explanation.total() - explanation.log_odds) < 1e-6


@pytest.mark.parametrize(
    "piece", ["1d10t y0u ", "i d i o t ", "sooo f*ck ", "you are ", "\u200ba\u0301<b>", "уоu "]
)
def test_time_grows_with_length_and_no_faster(model: Model, piece: str) -> None:
    """Eight times the text takes about eight times as long, up to a generous factor for noise."""

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        taken = []
        for _ in range(3):
            begin = time.process_time()
            model.score([text])
            taken.append(time.process_time() - begin)
        return min(taken)

    assert seconds(160_000) < 8 * 4 * max(seconds(20_000), 0.002)


@pytest.mark.parametrize("place", [0, 3000, 9000], ids=["first", "middle", "last"])
def test_abuse_is_not_hidden_by_what_stands_around_it(model: Model, place: int) -> None:
    """A threat within ten thousand friendly characters is held, and the spans show where it stands."""
    kind = "Thank you for this report about the trains and the people who ride them every day. " * 120
    threat = "I will find you and kill you, you worthless idiot. "
    text = kind[:place] + threat + kind[place:]
    score, explanation = model.score_and_explain(text, "toxicity")
    assert score.scores["toxicity"] > 0.19 > model.score([kind])[0].scores["toxicity"]
    assert explanation.probability == pytest.approx(score.scores["toxicity"], abs=1e-9)
    assert abs(explanation.total() - explanation.log_odds) < 1e-6
    heaviest = explanation.spans[0]
    assert place <= heaviest.begin < heaviest.end <= place + len(threat)


def test_a_piece_counts_only_where_it_is_clearly_graver_than_the_whole(model: Model) -> None:
    """Of a long text the log-odds are the whole's, or the gravest piece's less a margin where those are higher."""
    kind = "Thank you for this report about the trains. " * 60
    for text in (kind, kind + "You worthless idiot. " + kind):
        whole = model.network.log_odds(model.network.sums([text]))
        pieces = model.network.pieces(text)[1]
        found = model.network.read([text]).log_odds
        assert found == pytest.approx(np.maximum(whole, pieces.max(axis=0) - MARGIN), abs=1e-9)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters each matrix held that was read."""
    sizes: list[int] = []

    def counting(texts: Sequence[str], lexicon: Lexicon) -> Views:
        sizes.append(sum(map(len, texts)))
        return read_as(texts, lexicon)

    monkeypatch.setattr("classifier.network.read_as", counting)
    return sizes


def test_a_long_text_is_explained_without_reading_it_again(model: Model, read: list[int]) -> None:
    """A long text is read whole and in pieces, and, for its explanation, the one piece that counted."""
    text = "Thank you for this report about the trains. " * 60 + "You worthless idiot. "
    model.score([text])
    scored = sum(read)
    assert len(text) < scored <= 2 * len(text)
    for explain in (model.explain, model.score_and_explain):
        read.clear()
        explain(text, "insult")
        assert scored < sum(read) <= scored + PIECE


def test_long_texts_are_read_a_few_at_a_time(model: Model, read: list[int]) -> None:
    """A batch of the longest comments takes the memory of a few of them, and each keeps its score and its signals."""
    texts = [f"{number} trains, and the people who ride them. " * 500 for number in range(30)]
    signals = [Signals(website="http://x.example" if number % 2 else None) for number in range(30)]
    assert sum(map(len, texts)) > 2 * TOGETHER
    scores = model.score(texts, signals)
    assert max(read) <= TOGETHER
    read.clear()
    assessed = list(model.assess(texts, signals, least=0.9))
    assert max(read) <= TOGETHER
    assert [score for score, _ in assessed] == scores
    for row in (0, 17, 29):
        alone = model.score([texts[row]], [signals[row]])[0]
        assert scores[row].scores == pytest.approx(alone.scores, abs=1e-9)


def test_explaining_many_of_the_longest_takes_the_memory_of_a_few(model: Model) -> None:
    """Explanations are made as they are asked for, so that four times the texts take no more memory."""
    text = ("You worthless idiots, and the trains that you do not run. " * 400)[:20_000]
    peaks = []
    for count in (8, 32):
        tracemalloc.start()
        for score, explained in model.assess([text] * count):
            assert explained is not None
            assert score.scores["toxicity"] > 0.5
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_text_that_is_longer_than_a_matrix_may_be_is_read_by_itself(model: Model, read: list[int]) -> None:
    """However long it is, it is read whole, and those beside it are answered in order."""
    texts = ["You are an idiot.", "x" * (TOGETHER + 1), "thank you"]
    scores = model.score(texts)
    assert read.count(len(texts[1])) == 1
    assert [score.scores["insult"] > 0.5 for score in scores][::2] == [True, False]


def test_a_long_text_is_cut_into_pieces_without_a_gap() -> None:
    """Pieces follow each other from the first character to the last, and a short text has none."""
    for text in ("word " * 1000, "x" * 5000, "word " * 300 + "y"):
        places = cut(text)
        assert places[0][0] == 0
        assert places[-1][1] == len(text)
        assert all(one[1] == two[0] for one, two in pairwise(places))
        assert all(0 < end - begin <= PIECE for begin, end in places)
    assert cut("x" * LONG) == []


def test_threads_may_share_a_model(model: Model) -> None:
    """Scores from eight threads at once equal those from one."""
    expected = [score.scores for score in model.score(PLAIN)]
    found: list[list[dict[str, float]]] = []

    def work() -> None:
        found.append([score.scores for score in model.score(PLAIN)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_signals_count(model: Model) -> None:
    """A name that is a keyword and a website field change the spam score; one entry per text is asked for."""
    text = "Great article, thank you for sharing this."
    bare, known = model.score(
        [text, text], [Signals(), Signals(author_name="cheap seo", website="http://x.example")]
    )
    assert bare.scores["spam"] != known.scores["spam"]
    with pytest.raises(ValueError, match="signals: 1 given for 2 texts"):
        model.score([text, text], [Signals()])


def test_a_changed_model_file_is_refused(tmp_path: Path) -> None:
    """Arrays that do not match the manifest's hash are refused in one line."""
    for name in (artifact.ARRAYS, artifact.MANIFEST):
        shutil.copy(artifact.SHIPPED / name, tmp_path / name)
    content = bytearray((tmp_path / artifact.ARRAYS).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / artifact.ARRAYS).write_bytes(bytes(content))
    with pytest.raises(ModelError, match="is not the file its manifest describes") as caught:
        Model.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda arrays: arrays.pop("kernel"), "kernel"),
        (lambda arrays: arrays.update(weights=arrays["weights"][:1000]), "weights has the shape"),
        (lambda arrays: arrays.update(bias=arrays["bias"] * np.nan), "bias holds what is no number"),
        (lambda arrays: arrays.update(out_weights=arrays["out_weights"][:3]), "out_weights has the shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    """Arrays whose hash is right and whose shapes or numbers are not are refused at loading, by name."""
    arrays, manifest = artifact.read()
    damage(arrays)
    kept = {key: manifest[key] for key in manifest if key not in ("sha256", "format", "scikit_learn")}
    artifact.write(tmp_path, arrays, kept)
    with pytest.raises(ModelError, match=complaint):
        Model.load(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        ("[]", "not one JSON object"),
        ({"released": None}, "names no release"),
        ({"labels": ["spam"]}, "the model's labels are"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, manifest: Any, complaint: str) -> None:
    """A manifest that is no object, lacks a name or orders labels otherwise is refused in one line."""
    for name in (artifact.ARRAYS, artifact.MANIFEST):
        shutil.copy(artifact.SHIPPED / name, tmp_path / name)
    shipped = json.loads((tmp_path / artifact.MANIFEST).read_text())
    written = manifest if isinstance(manifest, str) else json.dumps({**shipped, **manifest})
    (tmp_path / artifact.MANIFEST).write_text(written)
    with pytest.raises(ModelError, match=complaint):
        Model.load(tmp_path)


def test_a_cut_archive_is_refused_though_its_hash_is_right(tmp_path: Path) -> None:
    """Bytes that are no archive of arrays are refused in one line, even where the manifest names their hash."""
    content = (artifact.SHIPPED / artifact.ARRAYS).read_bytes()[:100_000]
    (tmp_path / artifact.ARRAYS).write_bytes(content)
    shipped = json.loads((artifact.SHIPPED / artifact.MANIFEST).read_text())
    shipped["sha256"] = hashlib.sha256(content).hexdigest()
    (tmp_path / artifact.MANIFEST).write_text(json.dumps(shipped))
    with pytest.raises(ModelError, match="no archive of plain arrays"):
        Model.load(tmp_path)


def test_another_scikit_learn_is_refused(tmp_path: Path) -> None:
    """A model trained with another release line of scikit-learn is refused in one line that names both."""
    for name in (artifact.ARRAYS, artifact.MANIFEST):
        shutil.copy(artifact.SHIPPED / name, tmp_path / name)
    manifest = json.loads((tmp_path / artifact.MANIFEST).read_text())
    (tmp_path / artifact.MANIFEST).write_text(json.dumps({**manifest, "scikit_learn": "0.1.0"}))
    with pytest.raises(ModelError, match=r"trained with scikit-learn 0\.1\.0, this is"):
        Model.load(tmp_path)


def test_a_missing_model_is_said_to_be_missing(tmp_path: Path) -> None:
    """An empty directory gives one clear line."""
    with pytest.raises(ModelError, match="no readable model manifest"):
        Model.load(tmp_path)


def test_a_model_moves_to_a_directory_that_is_not_there_yet(tmp_path: Path) -> None:
    """Promotion makes the target directory, and leaves no emptied one behind."""
    source, target = tmp_path / "new-refused", tmp_path / "deep" / "new"
    source.mkdir()
    for name in (artifact.ARRAYS, artifact.MANIFEST):
        shutil.copy(artifact.SHIPPED / name, source / name)
    artifact.move(source, target)
    assert Model.load(target).version == Model.load().version
    assert not source.exists()


def test_the_shipped_files_are_small_and_hold_no_pickle() -> None:
    """At most 25 MB, and every array loads with pickles forbidden."""
    assert (artifact.SHIPPED / artifact.ARRAYS).stat().st_size <= 25_000_000
    arrays, _ = artifact.read()
    assert all(array.dtype.kind in "iuf" for array in arrays.values())


def test_importing_the_room_loads_nothing_heavy() -> None:
    """`import classifier` loads neither numpy nor scipy nor scikit-learn."""
    code = "import sys, classifier; print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
