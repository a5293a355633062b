"""Fine-tuning the encoder: what it learns from, and nothing written without the weights to start from."""

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="fine-tuning needs PyTorch: `make train-encoder` installs it apart"
)

from classifier.encoder import TOKENIZER  # noqa: E402  # after the skip
from classifier.labels import LABELS  # noqa: E402
from classifier.persistence import SHIPPED  # noqa: E402
from classifier.training import encoder as training  # noqa: E402

REFUSE = LABELS.index("refuse")


def learnt(texts, value):
    table = np.full((len(texts), len(LABELS)), value, np.float32)
    return training.Examples(texts, table, table + 1, table + 2)


def test_joined_examples_keep_their_order():
    both = learnt(["a", "b"], 0.0).joined(learnt(["c"], 5.0))
    assert both.texts == ["a", "b", "c"]
    assert both.targets[:, 0].tolist() == [0, 0, 5]
    assert both.weights[:, 0].tolist() == [1, 1, 6]
    assert both.teacher[:, 0].tolist() == [2, 2, 7]


def test_written_replayed_and_invented_texts_are_learnt(small, monkeypatch):
    for name in ("INVENTED_SPAM", "INVENTED_IDENTITY", "REPLAYED"):
        monkeypatch.setattr(training, name, 20)
    found, again = training.examples(small, 1), training.examples(small, 1)
    assert found.texts == again.texts
    assert (
        found.targets.shape == found.weights.shape == found.teacher.shape == (len(found.texts), len(LABELS))
    )
    assert found.texts.count("A remark") >= 1
    first = found.texts.index("A remark")
    assert found.weights[first, REFUSE] == training.REFUSE_WRITTEN
    assert np.isnan(found.teacher[first]).all()
    assert np.isfinite(found.targets[-40:, REFUSE]).all()


def test_padding_is_masked():
    ids, mask = training.padded([np.array([5, 6, 7]), np.array([8])])
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_padding_changes_no_log_odds():
    torch.manual_seed(0)
    encoder = training.Encoder().eval()
    short, long = training.tokenized(SHIPPED / TOKENIZER, ["A remark", "A remark that is longer than it"], 16)
    with torch.inference_mode():
        alone, beside = encoder(*training.padded([short])), encoder(*training.padded([short, long]))
    assert torch.allclose(alone[0], beside[0], atol=1e-4)


def test_missing_weights_are_named_and_nothing_is_written(small, tmp_path, capsys):
    out = tmp_path / "out"
    assert training.main(small, out, quiet=True) == 2
    assert str(small / training.START / "w1.npz") in capsys.readouterr().err
    assert not out.exists()
