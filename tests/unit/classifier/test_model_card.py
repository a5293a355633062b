"""The model card: every figure beside its target, and what got worse named."""

import numpy as np
import pytest

from classifier.training import benchmark, report, robustness
from classifier.training.evaluate import evaluate
from classifier.training.goals import Goal

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
