"""`make train`: everything but the encoder, from a directory of data to a directory of the model; seeded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from classifier import persistence
from classifier.encoder import ENCODER, TOKENIZER
from classifier.labels import LABELS
from classifier.language import LanguageIdentifier
from classifier.pipeline import build_pipeline
from classifier.training import augmentation, data, newsroom
from classifier.training.data import Corpus, Floats
from classifier.training.invented import invent
from classifier.training.targets import public_targets

RELEASED = "2026.12"
TRUST = 0.25
"""How much a rater's label counts where the teacher has spoken too."""
HELD_BACK = 12
"""One public text in so many is kept from the linear heads, for the stack."""
INVENTED_SPAM, INVENTED_IDENTITY, DISGUISED, PEOPLED = 20_000, 40_000, 24_000, 40_000
WRITTEN_COPIES, WRITTEN_WEIGHT = 4, 3.0
"""How often each written comment is learnt, in varied forms, and what each counts."""
ABUSE = (
    "paradetox", "hatemoji_build", "uwindsor_discord_automod", "toxigen_human", "implicit_hate", "edos_sexism",
    "stormfront", "davidson",
)  # fmt: skip
SPAM = ("smokedetector_titles", "sms_spam_uci", "spamassassin", "telegram_spam_ru", "tg_spam_umputun")
APART = (*ABUSE, *SPAM)
"""Sources whose toxicity is not asked: another line is drawn there than on comments. Their other labels count."""
MADE = ("disguised", "peopled", "invented_spam", "invented_identity", "newsroom")
"""Sources of what is not a public text: copies, invented texts and written comments."""
WEIGHTS = {
    "jigsaw": 2.0,
    "invented_spam": 0.4,
    "invented_identity": 1.2,
    "disguised": 0.5,
    "peopled": 1.5,
    "toxic_spans_civil": 0.25,
    **dict.fromkeys(ABUSE, 0.4),
}
"""What a text of a source counts, 1 where none is named."""
STACKED = {
    "jigsaw": 9_000, "toxic_spans_civil": 1_000, "youtube_spam_uci": 110, "sms_spam_uci": 400, "spamassassin": 300,
    "tg_spam_umputun": 50, "hatemoji_build": 300, "toxigen_human": 400, "implicit_hate": 500, "invented_spam": 1_500,
    "invented_identity": 500,
}  # fmt: skip
"""How many held-back texts of each source the stack is fitted on, at most."""
PRIORS = {"website": ("spam", 0.4), "name_is_keyword": ("spam", 1.5)}
"""Weights set by hand, in log-odds: no source of the training data has a website field or an author's name."""
_BATCH = 1024

Progress = Callable[[int, int], None]


def main(
    directory: Path,
    out: Path = persistence.SHIPPED,
    seed: int = 0,
    quiet: bool = False,
) -> int:
    """Train from `directory` and write the model to `out`, where the encoder must lie (or the shipped one is copied).

    Return 0, or 2 with one clear line when data is missing.
    """
    there = all((out / name).is_file() for name in (ENCODER, TOKENIZER))
    encoder = out if there else persistence.SHIPPED
    try:
        pipeline, languages, facts = train(directory, encoder, seed, quiet)
    except data.DataError as error:
        print(f"cannot train: {error}", file=sys.stderr)
        return 2
    if not there:
        out.mkdir(parents=True, exist_ok=True)
        for name in (ENCODER, TOKENIZER):
            copyfile(encoder / name, out / name)
    digest = persistence.write(out, pipeline, languages, facts)
    print(f"model {RELEASED}-{digest[:8]} sha256 {digest} in {out}")
    return 0


def train(
    directory: Path, encoder: Path, seed: int = 0, quiet: bool = False
) -> tuple[Pipeline, LanguageIdentifier, dict[str, Any]]:
    """Return the fitted pipeline, the language identifier and the manifest's facts."""
    from rich.progress import Progress as Bars
    from rich.progress import TimeElapsedColumn

    bars = Bars(*Bars.get_default_columns(), TimeElapsedColumn(), disable=quiet)
    with bars as progress, threadpool_limits(1):  # one thread, so that the same seed gives the same bytes

        def track(title: str) -> Progress:
            task = progress.add_task(title, total=None)
            return lambda done, total: progress.update(task, completed=done, total=total)

        reading = track("reading data")
        corpus, targets, weight = training_set(directory, seed)
        reading(1, 1)
        pipeline = build_pipeline(seed)
        held = np.arange(len(corpus)) % HELD_BACK == 0
        languages = _fit_linear(pipeline, corpus, targets, weight, ~held, track)
        track("fitting the stack")
        _fit_stack(pipeline, corpus.take(np.flatnonzero(held)), targets[held], encoder, seed)
    public = int((~np.isin(corpus.sources, MADE)).sum())
    facts = {
        "released": RELEASED,
        "seed": seed,
        "texts": len(corpus),
        "public": public,
        "numpy": np.__version__,
    }
    return pipeline, languages, facts


def training_set(directory: Path, seed: int) -> tuple[Corpus, Floats, Floats]:
    """Return all texts in random order, what each teaches (texts, labels), and what each counts (texts, labels)."""
    public = data.training(directory)
    corpus = public.joined(augmentation.disguised(public, DISGUISED, seed + 1))
    corpus = corpus.joined(augmentation.peopled(public, PEOPLED, seed + 3))
    corpus = corpus.joined(invent(INVENTED_SPAM, INVENTED_IDENTITY, seed + 2, directory / "lists"))
    targets = public_targets(corpus, TRUST)
    targets[np.isin(corpus.sources, APART), LABELS.index("toxicity")] = np.nan
    weight = np.ones((len(corpus), len(LABELS)), np.float32)
    for source, share in WEIGHTS.items():
        weight[corpus.sources == source] = share
    comments, taught = written_set(directory, seed)
    corpus = corpus.joined(comments)
    targets = np.concatenate((targets, taught))
    weight = np.concatenate((weight, np.full_like(taught, WRITTEN_WEIGHT)))
    order = np.random.default_rng(seed).permutation(len(corpus))
    return corpus.take(order), targets[order], weight[order]


def held_back(directory: Path, facts: dict[str, Any]) -> Corpus:
    """Return the public texts that neither the linear heads nor the stack of a model have seen.

    `facts` are those of its manifest; raises `DataError` where it was trained from other data.
    """
    public = data.training(directory)
    if facts.get("public") != len(public):
        raise data.DataError(f"the model was not trained from the data in {directory}")
    order = np.random.default_rng(facts["seed"]).permutation(facts["texts"])
    rows = np.sort(order[::HELD_BACK])
    rows = rows[rows < len(public)]  # public texts come first in the training set
    seen = {public.texts[row] for row in np.setdiff1d(np.arange(len(public)), rows).tolist()}
    unseen = [
        row for row in rows.tolist() if public.sources[row] not in STACKED and public.texts[row] not in seen
    ]
    return public.take(np.array(unseen, np.int64))


def written_set(directory: Path, seed: int) -> tuple[Corpus, Floats]:
    """Return the comments written for training, each in several forms, and what they teach."""
    written = newsroom.read(directory / "newsroom" / "train.jsonl") + newsroom.read_further()
    rng = np.random.default_rng(seed + 4)
    texts, taught = [], []
    for copy in range(WRITTEN_COPIES):
        for comment in written:
            varied = augmentation.hurried(comment.text, rng) if copy % 2 else comment.text
            texts.append(data.mask_contacts(varied if copy < 2 else augmentation.misspelt(varied, rng)))
            taught.append(comment.targets())
    return Corpus.of_source(texts, "newsroom"), np.stack(taught)


def _fit_linear(
    pipeline: Pipeline,
    corpus: Corpus,
    targets: Floats,
    weight: Floats,
    chosen: NDArray[np.bool_],
    track: Callable[[str], Progress],
) -> LanguageIdentifier:
    """Fit reader, language identifier and linear heads on the chosen rows."""
    reader, linear = pipeline["read"], pipeline["log_odds"]["linear"]
    features, heads = linear["features"], linear["heads"]
    made = np.isin(corpus.sources, MADE[:-1])
    reader.fit([corpus.texts[row][: data.LONGEST] for row in np.flatnonzero(~made).tolist()])
    languages = LanguageIdentifier()
    languages.start()
    progress, matrices = track("hashing n-grams"), []
    for begin in range(0, len(corpus), _BATCH):
        batch = reader.transform([text[: data.LONGEST] for text in corpus.texts[begin : begin + _BATCH]])
        languages.count(batch, corpus.languages[begin : begin + _BATCH].tolist())
        matrices.append(features.fit_transform(batch)[chosen[begin : begin + _BATCH]])
        progress(begin + len(batch.texts), len(corpus))
    languages.finish()
    learning, signals = track("learning"), features["signals"].get_feature_names_out().tolist()
    heads.fit(sparse.vstack(matrices, format="csr"), targets[chosen], weight[chosen])
    for signal, (label, by_hand) in PRIORS.items():
        heads.weights_[signals.index(signal) - len(signals), LABELS.index(label)] = by_hand
    heads.weights_ = heads.weights_.astype(np.float16).astype(np.float32)  # packs to half the bytes
    learning(1, 1)
    return languages


def _fit_stack(pipeline: Pipeline, held: Corpus, targets: Floats, encoder: Path, seed: int) -> None:
    """Fit the last step on texts that the linear heads have not seen, and on the calibration comments."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [rng.permutation(np.flatnonzero(held.sources == source))[:most] for source, most in STACKED.items()]
    )
    calibration = newsroom.read(newsroom.CALIBRATION)
    texts = [held.texts[row][: data.LONGEST] for row in rows.tolist()] + [each.text for each in calibration]
    hard = np.where(np.isfinite(held.labels[rows]), held.labels[rows], targets[rows])
    hard[:, LABELS.index("refuse")] = targets[rows, LABELS.index("refuse")]
    y = np.concatenate((hard, np.stack([each.targets() for each in calibration])))
    weight = np.ones_like(y)
    natural = np.isin(held.sources[rows], ("jigsaw", "toxic_spans_civil"))
    spam = LABELS.index("spam")
    weight[: len(rows), :spam][~natural] = 0.0
    weight[len(rows) :] = 4.0
    pipeline["log_odds"]["sentence"].directory = str(encoder)
    pipeline["labels"].fit(pipeline[:-1].transform(texts), y, weight)
