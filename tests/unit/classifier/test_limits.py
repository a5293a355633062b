"""Limits for newsrooms, and the model card: nothing is decided without evidence, and every figure has its target."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from classifier.heads import probability
from classifier.labels import LABELS
from classifier.training import benchmark, limits, limits_study, report, robustness
from classifier.training.evaluate import evaluate
from classifier.training.goals import Goal
from classifier.training.samples import Scored


@pytest.fixture
def scored(labelled):
    """Make comments of (source, category, labels, probabilities); what is not named is unknown, or hardly probable."""

    def makes(rows):
        chances = np.full((len(rows), len(LABELS)), 0.001)
        for at, (_, _, _, probable) in enumerate(rows):
            for label, value in probable.items():
                chances[at, LABELS.index(label)] = value
        sources, categories, labels, _ = zip(*rows, strict=True)
        known = {label: [row.get(label, np.nan) for row in labels] for label in LABELS}
        found = labelled(sources, np.log(chances / (1 - chances)), None, categories, **known)
        assert np.allclose(probability(found.log_odds), chances)
        return found

    return makes


def spam(count, chance, true=True):
    return [("youtube_spam", "", {"spam": float(true)}, {"spam": chance})] * count


def test_spam_is_called_so_one_step_above_where_it_is_right(scored):
    found = limits.deciding(scored(spam(200, 0.991) + spam(50, 0.905) + spam(20, 0.86, true=False)), "spam")
    assert (found.limit, found.decided, found.right) == (0.92, 200, 200)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (spam(40, 0.99, true=False), "right in"),
        ([("newsroom", "links_ok", {"spam": 0.0}, {"spam": 0.997})], "a newsroom comment"),
        ([("newsroom", "borderline", {}, {"spam": 0.997})], "a newsroom comment"),
        ([("c3_news", "", {"toxicity": 1.0}, {"spam": 0.997})] * 10, "right in"),
    ],
)
def test_a_label_that_errs_decides_nothing(scored, more, why):
    found = limits.deciding(scored(spam(200, 0.998) + more), "spam")
    assert found.limit is None
    assert why in found.why


def test_few_decisions_show_nothing(scored):
    found = limits.deciding(scored(spam(49, 0.999)), "spam")
    assert (found.limit, found.why) == (None, "only 49 comments reach 0.85")


def test_toxicity_tells_where_a_real_source_does_not_know_the_label(scored):
    real = [("c3_news", "", {"toxicity": 1.0}, {"insult": 0.998})] * 60
    hatecheck = [("hatecheck", "", {"toxicity": 0.0, "identity_attack": 0.0}, {"insult": 0.998})] * 60
    assert limits.deciding(scored(real + hatecheck), "insult").limit == 0.85
    wrong = [("c3_news", "", {"toxicity": 0.0}, {"insult": 0.998})] * 2
    assert limits.deciding(scored(real + wrong), "insult").limit is None


@pytest.fixture
def newsroom(scored):
    """Newsroom comments: threats by `threat`, insults by `refuse`, of harmless ones one in five resembles an insult."""
    rows = [("newsroom", "plain", {}, {"refuse": 0.05})] * 80
    rows += [("newsroom", "disagree", {}, {"refuse": 0.42})] * 20
    rows += [("newsroom", "threat_veiled", {"threat": 1.0}, {"threat": 0.21, "refuse": 0.1})] * 30
    rows += [("newsroom", "insult_plain", {"insult": 1.0}, {"refuse": 0.41})] * 20
    rows += [("newsroom", "insult_plain", {"insult": 1.0}, {"refuse": 0.71})] * 20
    rows += [("c3_news", "", {"toxicity": 0.0}, {"refuse": 0.05})] * 200
    return scored(rows)


def test_the_bound_on_harmless_comments_is_kept_and_protected_labels_hold(newsroom):
    strict, _ = limits.holding(newsroom, 0.10)
    assert strict["threat"] <= 0.2
    assert 0.42 < strict["refuse"] <= 0.70
    assert all(strict[label] <= limits.PROTECTED_MOST for label in limits.PROTECTED)
    assert max(strict.values()) <= limits.HOLDS[-1]
    loose, trade_off = limits.holding(newsroom, 0.25)
    assert loose["refuse"] <= 0.40
    assert {row["harmless"] for row in trade_off} == {0.2, 0.0}


def test_a_protected_label_brings_spam_and_rejections_to_a_person(scored):
    chosen = limits.Limits(
        hold=dict.fromkeys(LABELS, 0.5), reject=dict.fromkeys(limits.REJECTING, 0.9), spam=0.9
    )
    wanted = [
        ({}, "publish"),
        ({"toxicity": 0.999}, "hold"),
        ({"identity_attack": 0.95}, "reject"),
        ({"identity_attack": 0.95, "threat": 0.6}, "hold"),
        ({"spam": 0.95}, "spam"),
        ({"spam": 0.95, "personal_info": 0.7}, "hold"),
    ]
    rows = [("newsroom", "plain", {}, chances) for chances, _ in wanted]
    assert limits_study.verdicts(scored(rows), chosen).tolist() == [verdict for _, verdict in wanted]
    assert "toxicity" not in limits.REJECTING


def test_the_study_speaks_of_both_efforts_and_of_unseen_comments(newsroom):
    fast = Scored(newsroom.samples, newsroom.log_odds - 3, "fast")
    found = json.loads(json.dumps(limits_study.study(newsroom, fast, 0.10)))
    assert found["outcome"]["full"]["grave"]["not_published"] == 1
    assert found["outcome"]["fast"]["grave"]["not_published"] < 1
    assert found["unseen"]["harmless"][0] == pytest.approx(0, abs=0.2)
    page = limits_study.page("named", found)
    assert all(f"| {label} |" in page for label in LABELS)
    assert "{" not in page


def test_the_page_is_written_only_by_a_whole_run(newsroom, tmp_path, monkeypatch, capsys):
    assert limits_study.main(tmp_path, tmp_path / "limits.md") == 2
    assert capsys.readouterr().err.count("\n") == 1
    named = SimpleNamespace(version="named", log_odds=lambda texts, effort: newsroom.log_odds[: len(texts)])
    monkeypatch.setattr(limits_study.Model, "load", lambda: named)
    monkeypatch.setattr(limits_study.samples, "read", lambda paths: newsroom.samples)
    monkeypatch.setattr(limits_study.samples, "_BATCH", 1000)
    assert limits_study.main(tmp_path, tmp_path / "limits.md", limit=1000, quiet=True) == 0
    assert not (tmp_path / "limits.md").exists()
    assert limits_study.main(tmp_path, tmp_path / "limits.md", quiet=True) == 0
    assert "named" in (tmp_path / "limits.md").read_text()


SPEED = {
    "full_at_300": 250.0,
    "fast_at_400": 9_000.0,
    "explained_p50": 5.0,
    "memory": 380.0,
    "cold_start": 2.0,
    "artifacts": 34.7,
}


@pytest.mark.parametrize(
    ("lower", "value", "reached", "worse"),
    [
        (False, 0.80, "beyond", False),
        (False, 0.77, "yes", False),
        (False, 0.75, "**no**", True),
        (True, 0.60, "beyond", False),
        (True, 0.77, "**no**", True),
    ],
)
def test_a_goal_says_whether_it_was_reached(lower, value, reached, worse):
    goal = Goal("key", "what", 0.76, 0.77 if not lower else 0.70, 0.79 if not lower else 0.65, lower=lower)
    assert (goal.reached(value), goal.worse(value)) == (reached, worse)


def test_the_card_is_written_in_one_run(named_model, labelled, tmp_path, monkeypatch):
    """Of Jigsaw comments that name their toxicity, and newsroom comments of which one in ten is misjudged."""
    texts = ["toxicity"] * 20 + ["kind"] * 40 + ["a remark"] * 36 + ["refuse remark"] * 4 + ["refuse"] * 20
    toxicity = [1.0] * 20 + [0.0] * 40 + [np.nan] * 60
    categories = [""] * 60 + ["plain"] * 40 + ["threat_veiled"] * 20
    samples = labelled(["jigsaw"] * 60 + ["newsroom"] * 60, None, texts, categories, toxicity=toxicity)
    named_model.more_if_long = 0.0
    monkeypatch.setattr(benchmark, "brief", lambda model: SPEED)
    monkeypatch.setattr(robustness, "span_agreement", lambda model, path: {"ours": 0.5, "word_list": 0.4})
    monkeypatch.setattr(robustness, "naughty", lambda model, path: (3, 3))
    monkeypatch.setattr(robustness, "odd", lambda model: [("empty", 0, 0.1, True)])
    monkeypatch.setattr(report, "_examples", lambda model: "")
    monkeypatch.setattr(report, "evaluate", lambda *given: evaluate(*given, compare=False, rounds=20))
    report.write(named_model, samples, tmp_path / "no data", tmp_path, quiet=True)
    page = (tmp_path / "README.md").read_text()
    for row in (
        "| newsroom: AUC, harmful above harmless | 0.580 | at least 0.955 | at least 0.975 | 0.950 | **no** |",
        "| YouTube, spam: AUC | 0.987 | at least 0.987 | at least 0.990 |  | not measured |",
        "- memory of a process that scores, MB: 380, before 202",
        "Not known: ",
    ):
        assert row in page
    assert "{" not in page
    assert all((tmp_path / name).stat().st_size for name in ("limits.md", "newsroom.png", "calibration.png"))
