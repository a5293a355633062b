"""Training: from a directory of data to a model directory, the same bytes for the same seed on the same machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from classifier import artifact, augment, data, prepare
from classifier.calibrate import AffineCalibrator
from classifier.errors import ModelError
from classifier.gates import Gate, judge
from classifier.invented import invent
from classifier.learner import Bags, NgramNetwork
from classifier.model import LABELS, Model
from classifier.network import KERNEL_LEVELS, VECTOR_LEVELS, Network, squeeze
from classifier.reread import Lexicon
from classifier.signals import NAMES

RELEASED = "2026.11"
TRUST = 0.25
"""How much a hard label counts where the teacher has spoken too."""
EPOCHS = 3
"""How often every text is seen; the rate falls to nought over them all."""
ROW_DROP = 0.2
"""Share of a text's n-grams left out at random each time it is seen, so that later passes learn no text by heart."""
HELD_BACK = 25
"""One text in so many is kept from the learner, for calibration."""
INVENTED, DISGUISED, PEOPLED = 60_000, 30_000, 40_000
ABUSE = (
    "paradetox", "hatemoji_build", "uwindsor_discord_automod", "toxigen_human", "implicit_hate", "edos_sexism",
    "stormfront", "davidson",
)  # fmt: skip
SPAM = ("smokedetector_titles", "sms_spam_uci", "spamassassin", "telegram_spam_ru", "tg_spam_umputun")
NEAREST = "jigsaw"
"""The source whose line is shipped: of the large ones it is nearest to readers' comments."""
WEIGHTS = {
    NEAREST: 2.0,
    "invented_spam": 0.4,
    "invented_identity": 1.2,
    "disguised": 0.5,
    "peopled": 1.5,
    "toxic_spans_civil": 0.25,
    **dict.fromkeys(ABUSE, 0.4),
}
"""What a text of a source counts, 1 where none is named.

The comments of Civil Comments' spans were chosen for being toxic, so their shares say little about other comments.
"""
LAST = {NEAREST: 2.0, "invented_identity": 1.0, "peopled": 1.0}
LAST_OTHERS = 0.2
LAST_LABELS = ("toxicity", "severe_toxicity", "obscene", "insult")
"""In the last pass, what these labels count beside `WEIGHTS`: other sources' lines then matter little."""
APART = (*ABUSE, *SPAM)
"""Sources whose toxicity is not asked: another line is drawn there than on comments. Their other labels count."""
LEANS = {"toxicity": {"insult": 0.25, "identity_attack": -0.1}}
"""A label's log-odds take a share of others' before calibration: insults are learnt from cleaner labels, and on news
comments that tells more than it costs elsewhere; and who is spoken of, which the identity head knows best, makes no
remark toxic: what it learnt of that from sources about hate is taken off."""
MADE = ("invented_spam", "invented_identity", "disguised", "peopled")
"""Sources of our own making: they teach the learner, and no spelling to the lexicon."""
PRIORS = {"website": ("spam", 0.4), "name_is_keyword": ("spam", 1.5)}
"""Weights set by hand, in log-odds: no source of the training data has a website field or an author's name."""

CARD = artifact.SHIPPED.parent / "docs" / "model"
DEFAULT_DATA = Path("../shared/data")

Arrays = dict[str, NDArray[Any]]


def main(
    data_directory: Path = DEFAULT_DATA,
    out: Path = artifact.SHIPPED,
    seed: int = 0,
    card: Path | None = None,
    force: bool = False,
    quiet: bool = False,
) -> int:
    """Trains from `data_directory`, asks the promotion gates, and writes the model to `out`.

    Returns 0; 2 with one clear line when data is missing; 3 when a gate refuses the new model (kept beside `out`, with
    `-refused` after its name; `force` promotes it all the same). `card` is the directory of the model card to write, by
    default docs/model where the shipped model is replaced in a checkout, and none elsewhere.
    """
    try:
        arrays, facts = train(data_directory, seed, quiet)
        dev = data.labelled(data_directory / "dev.parquet")
    except data.DataError as error:
        print(f"cannot train: {error}", file=sys.stderr)
        return 2
    candidate = out.with_name(f"{out.name}-refused")
    digest = artifact.write(candidate, arrays, facts)
    judged, promotion = _judged(out, candidate, dev)
    refused = [gate.name for gate in judged if not gate.passed]
    if refused and not force:
        print(
            f"not promoted, refused by: {', '.join(refused)}; the candidate is in {candidate}",
            file=sys.stderr,
        )
        return 3
    if promotion:
        artifact.amend(candidate, promotion=promotion)
    artifact.move(candidate, out)
    print(f"model {RELEASED}-{digest[:8]} sha256 {digest} in {out}")
    if card is None and out.resolve() == artifact.SHIPPED and CARD.parent.is_dir():
        card = CARD
    if card is not None:
        from classifier import report

        report.write(Model.load(out), dev, data_directory, card)
    return 0


def _judged(out: Path, candidate: Path, dev: data.Corpus) -> tuple[list[Gate], dict[str, Any]]:
    """Asks the gates about a candidate and the model it would replace, if there is one, and prints what they say.

    Returns the gates and what the manifest keeps of them. The same model over again is not compared with itself: what
    was said when it was promoted stands.
    """
    try:
        old = Model.load(out)
    except ModelError as error:
        print(f"nothing to compare with: {error}")
        return [], {}
    new = Model.load(candidate)
    if new.manifest["sha256"] == old.manifest["sha256"]:
        print("the same model again, byte for byte")
        return [], dict(old.manifest.get("promotion", {}))
    found = judge(old, new, dev)
    for gate in found:
        print(gate)
    return found, {"over": old.version, "gates": [asdict(gate) for gate in found]}


def train(directory: Path, seed: int = 0, quiet: bool = False) -> tuple[Arrays, dict[str, Any]]:
    """Returns the arrays and the manifest's facts of a freshly trained model."""
    from rich.progress import Progress, TimeElapsedColumn

    bars = Progress(*Progress.get_default_columns(), TimeElapsedColumn(), disable=quiet)
    with (
        bars as progress,
        threadpool_limits(1),
    ):  # one thread, so that the same seed gives the same bytes

        def told(title: str) -> Callable[[int, int], None]:
            task = progress.add_task(title, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        reading = told("reading data")
        corpus = _corpus(directory, seed)
        reading(1, 1)
        written = np.flatnonzero(~np.isin(corpus.sources, list(MADE)))
        lexicon_words, lexicon_costs = prepare.lexicon_of(corpus.take(written))
        lexicon = Lexicon.from_arrays(lexicon_words, lexicon_costs)
        bags = prepare.bags_of(corpus.texts, lexicon, told("hashing n-grams"))
        learner, held = _learn(corpus, bags, directory, seed, told("learning"))
        arrays = pack(learner)
        arrays |= {
            "known": prepare.known_words(bags, corpus.languages),
            "lexicon_words": lexicon_words,
            "lexicon_costs": lexicon_costs,
        }
        arrays |= calibration(arrays, held, told("calibrating"))
    facts = {
        "released": RELEASED,
        "labels": list(LABELS),
        "seed": seed,
        "texts": len(corpus),
        "numpy": np.__version__,
        "learner": learner.get_params(),
    }
    return arrays, facts


def _corpus(directory: Path, seed: int) -> data.Corpus:
    """Reads the training texts, adds invented, disguised and peopled ones, and shuffles."""
    written = data.training(directory)
    corpus = written.joined(augment.disguised(written, DISGUISED, seed + 1))
    corpus = corpus.joined(augment.peopled(written, PEOPLED, seed + 3))
    corpus = corpus.joined(invent(INVENTED, seed + 2, directory / "lists"))
    return corpus.take(np.random.default_rng(seed).permutation(len(corpus)))


def _learn(
    corpus: data.Corpus,
    bags: Bags,
    directory: Path,
    seed: int,
    progress: Callable[[int, int], None],
) -> tuple[NgramNetwork, data.Corpus]:
    """Fits the learner on all texts but those held back, which it returns."""
    learned = len(corpus) - len(corpus) // HELD_BACK
    weight, last_weight = weights(corpus.sources[:learned])
    others = [name for name in np.unique(corpus.sources).tolist() if name != NEAREST]
    number = {name: place for place, name in enumerate([NEAREST, *others])}
    learner = NgramNetwork(epochs=EPOCHS, row_drop=ROW_DROP, random_state=seed).fit(
        bags.part(0, learned),
        _asked(corpus)[:learned],
        sample_weight=weight,
        last_weight=last_weight,
        origins=np.array([number[name] for name in corpus.sources[:learned].tolist()]),
        start=prepare.starting_vectors(directory / "second_reader"),
        progress=progress,
    )
    return learner, corpus.take(np.arange(learned, len(corpus)))


def weights(sources: NDArray[np.str_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns what each text counts in every pass but the last, (texts, 1), and in the last, (texts, labels)."""
    weight = np.ones((len(sources), 1), np.float32)
    for source, share in WEIGHTS.items():
        weight[sources == source] = share
    last = np.repeat(weight, len(LABELS), axis=1)
    columns = [LABELS.index(label) for label in LAST_LABELS]
    last[:, columns] *= LAST_OTHERS
    for source, share in LAST.items():
        last[sources == source] = weight[sources == source] * share
    return weight, last


def _asked(corpus: data.Corpus) -> data.Floats:
    """Returns the targets, without the toxicity of the sources that stand apart."""
    targets = prepare.soft_targets(corpus, TRUST)
    targets[np.isin(corpus.sources, APART), 0] = np.nan
    return targets


def leaning() -> NDArray[np.float32]:
    """Returns the matrix that turns learnt log-odds into those that are shipped: (labels, labels)."""
    matrix = np.eye(len(LABELS), dtype=np.float32)
    for label, shares in LEANS.items():
        for other, share in shares.items():
            matrix[LABELS.index(other), LABELS.index(label)] = share
    return matrix


def pack(learner: NgramNetwork) -> Arrays:
    """Rounds a fitted learner to an artifact's arrays: bytes for the tables, small whole numbers for the kernel."""
    weights, weights_scale = squeeze(learner.weights_ @ leaning())
    dense = {
        name: array @ leaning() if name in ("bias", "signal_weights", "out_weights") else array.copy()
        for name, array in learner.dense_.items()
    }
    for name, (label, weight) in PRIORS.items():
        dense["signal_weights"][NAMES.index(name), LABELS.index(label)] = weight
    kernel = dense.pop("kernel")
    vectors, step = squeeze(learner.vectors_.reshape(-1, 1))
    kernel_step = np.abs(kernel).max() / KERNEL_LEVELS
    return {
        "weights": weights,
        "weights_scale": weights_scale,
        "vectors": vectors.reshape(learner.vectors_.shape),
        "kernel": np.rint(kernel / kernel_step).astype(np.int16),
        "unit": np.array([float(step[0]) / VECTOR_LEVELS * float(kernel_step)]),
        "slope": np.ones(len(LABELS)),
        "offset": np.zeros(len(LABELS)),
        **dense,
    }


def calibration(arrays: Arrays, held: data.Corpus, progress: Callable[[int, int], None]) -> Arrays:
    """Fits slope and offset per label on texts that the learner has not seen, scored by the packed model itself.

    All labels but spam are fitted on Wikipedia comments, where every label is known and rates are natural.
    """
    network = Network.from_arrays(arrays)
    odds = []
    for begin in range(0, len(held), 512):
        odds.append(network.log_odds(network.sums(held.texts[begin : begin + 512])))
        progress(min(begin + 512, len(held)), len(held))
    labels = held.labels.astype(np.float64)
    labels[:, :-1][held.sources != "jigsaw"] = np.nan
    fitted = AffineCalibrator().fit(np.concatenate(odds), labels)
    return {"slope": fitted.slope_, "offset": fitted.offset_}
