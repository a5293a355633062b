"""The benchmark: comments of a length, peers that are missing said to be, and a page with every figure."""

import numpy as np
import pytest

from classifier.training import benchmark, peers


def test_comments_have_about_the_length_asked_for():
    texts = peers.comments(200, 300)
    assert np.mean([len(text) for text in texts]) == pytest.approx(300, rel=0.1)
    assert peers.comments(200, 300) == texts


def test_a_missing_peer_is_said_to_be(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    monkeypatch.setattr(peers.sys, "prefix", "/nowhere")
    assert peers.bert(300) == "not measured: PyTorch is not installed (`make train-encoder` installs it)"


def test_the_rate_counts_comments_a_second():
    found = peers.rate(lambda: sum(range(20_000)), 100, 5)
    assert 0 < found["median"] <= found["best"]


def test_the_page_shows_every_figure():
    rate = {"median": 1234.5, "best": 1300.0}
    page = benchmark.page(
        {
            "model": "named",
            "load": 0.5,
            "rates": {
                "this model, full": {300: rate, 400: rate},
                "BERT": {300: "not measured", 400: "not measured"},
            },
            "single": {"full, scored, p50": 3.1, "full, scored, p95": 4.2},
            "alone": {"cold start to the first score, s": 1.5},
            "sizes": {"together": 34.7},
            "growth_ms": {"plain": [0.1, 1.0, 10.0, 1000.0]},
        }
    )
    wanted = (
        "| this model, full | 1,23",
        "| BERT | not measured |",
        "| full, scored | 3.1 | 4.2 |",
        "34.7",
        "1,000.0",
        "1.5",
    )
    assert all(each in page for each in wanted)
