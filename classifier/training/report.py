"""The model card: measured, drawn and written in one go after training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from classifier import artifact, bench, data, hostile, measures, plots, train
from classifier.contest import TEXTS, contest
from classifier.gates import Gate
from classifier.labels import LABELS
from classifier.model import Model
from classifier.pieces import LONG, MARGIN, PIECE
from classifier.signals import NAMES
from classifier.training.evaluate import evaluate, probabilities
from classifier.words import lines

_LOOKS = 48
"""How many trainings were measured on the development sets before this one was shipped; add those you make."""
_TEMPLATE = Path(__file__).with_name("card.txt")


def write(model: Model, dev: data.Corpus, data_directory: Path, out: Path) -> None:
    """Measures `model` and writes README.md and its pictures to `out`."""
    report = evaluate(model, dev, compare=True)
    chances = probabilities(model, dev.texts)
    terms = measures.by_term(dev, chances)
    evasion = measures.evasion(model, dev)
    spans = measures.span_agreement(model, data_directory / "spans_train.parquet")
    plots.draw(dev, chances, terms, out)
    with threadpool_limits(1):
        learners = contest(data_directory, dev)
        speed = bench.brief(model)
    manifest = model.manifest
    page = _TEMPLATE.read_text(encoding="utf-8").format(
        version=model.version,
        sha256=manifest["sha256"],
        bytes=(artifact.SHIPPED / artifact.ARRAYS).stat().st_size / 1e6,
        scikit_learn=manifest["scikit_learn"],
        numpy=manifest["numpy"],
        seed=manifest["seed"],
        texts=manifest["texts"],
        signals=len(NAMES),
        units=len(model.network.hidden_bias),
        trust=train.TRUST,
        epochs=train.EPOCHS,
        row_drop=train.ROW_DROP,
        leans=", ".join(f"{share} of {name}'s" for name, share in train.LEANS["toxicity"].items()),
        long=LONG,
        piece=PIECE,
        margin=MARGIN,
        invented=train.INVENTED,
        disguised=train.DISGUISED,
        table=_figures(report),
        targets=_targets(report, evasion, speed),
        contestants=TEXTS,
        learners=_table(
            ("learner", "labels", "AUC, news", "AUC, Wikipedia"),
            [(name, labels, *(f"{figure:.3f}" for figure in figures)) for name, labels, *figures in learners],
        ),
        gates=_gates(manifest.get("promotion", {})),
        calibration=_calibration(model),
        peopled=train.PEOPLED,
        looks=_LOOKS,
        **_hostile(model, data_directory / "lists" / "blns.json"),
        lengths=_table(
            ("source", "characters", "texts", "AUC"),
            [
                (row["source"], f"{row['from']}-{row['to']}", row["texts"], row["auc"])
                for row in measures.by_length(dev, chances)
            ],
        ),
        doubted=_table(
            ("language", "comments", "without confidence"),
            [
                (language, texts, f"{share:.3f}")
                for language, texts, share in measures.doubted(model, data.training(data_directory))
            ],
        ),
        evasive=measures.EVASIVE,
        evasion=_table(("disguise", "AUC", "loss"), [(name, *pair) for name, pair in evasion.items()]),
        examples=_examples(model),
        terms=len(terms),
        identity=_table(("term", "rate"), [(term, f"{rate:.3f}") for term, rate in terms[:10]]),
        span_texts=measures.SPAN_TEXTS,
        span_ours=spans["ours"],
        span_list=spans["word_list"],
    )
    (out / "README.md").write_text(page, encoding="utf-8")


def _figures(report: dict[str, Any]) -> str:
    """Lays out the evaluation's rows."""
    rows = [
        (
            row["source"],
            row["label"],
            f"{row['texts']:,}",
            f"{row['positive']:,}",
            _interval(row.get("auc")),
            _interval(row.get("auc_alt_profanity_check")),
            _interval(row.get("ap")),
            f"{row['ece']:.3f}",
        )
        for row in report["rows"]
    ]
    return _table(
        ("source", "label", "texts", "positive", "AUC", "alt-profanity-check", "average precision", "ECE"),
        rows,
    )


def _gates(promotion: dict[str, Any]) -> str:
    """Shows what each gate said when the model took another's place."""
    if not promotion:
        return "There was no model to compare with."
    gates = [Gate(**gate) for gate in promotion["gates"]]
    rows = [
        (
            gate.name,
            f"{gate.loss:+.4f}",
            f"{gate.low:+.4f} to {gate.high:+.4f}",
            "passed" if gate.passed else "refused",
        )
        for gate in gates
    ]
    table = _table(("gate", "loss", "95 % interval", ""), rows)
    return f"The model replaced was `{promotion['over']}`.\n\n{table}"


def _calibration(model: Model) -> str:
    """Shows each label's slope and offset."""
    network = model.network
    rows = [
        (label, f"{slope:.3f}", f"{offset:+.3f}")
        for label, slope, offset in zip(LABELS, network.slope, network.offset, strict=True)
    ]
    return _table(("label", "slope", "offset"), rows)


def _hostile(model: Model, naughty: Path) -> dict[str, object]:
    """Measures hostile texts: time against length, odd texts, and a list of naughty strings where there is one."""
    with threadpool_limits(1):
        grown = [(name, *taken) for name, taken in hostile.growth(model).items()]
        odd = [
            (name, f"{length:,}", taken, "yes" if sound else "NO")
            for name, length, taken, sound in hostile.odd(model)
        ]
    strings, sound = hostile.naughty(model, naughty) if naughty.is_file() else (0, 0)
    return {
        "growth": _table(("text", *(f"{length:,}" for length in hostile.LENGTHS)), grown),
        "odd": _table(("text", "characters", "ms", "sound"), odd),
        "naughty": strings,
        "naughty_sound": sound,
    }


def _targets(report: dict[str, Any], evasion: dict[str, list[float]], speed: dict[str, float]) -> str:
    """Sets the measured figures beside what was asked of them."""
    found = {(row["source"], row["label"]): row for row in report["rows"]}

    def auc(source: str, label: str) -> str:
        row = found.get((source, label), {})
        return _interval(row.get("auc"))

    gaps = report["gaps"]
    named = {name: pair[1] for name, pair in evasion.items() if name not in ("none", "swapped")}
    worst = max(named, key=lambda name: named[name])
    term, rate = gaps["worst_identity_term"]
    benign = (
        f"{gaps['news_benign_held_at_80']} (alt-profanity-check "
        f"{gaps.get('news_benign_held_at_80_alt_profanity_check', 'not measured')}); "
        f"Wikipedia {gaps['wikipedia_benign_held_at_80']}"
    )
    rows = [
        ("AUC, C3 and UCC news, mean", "at least .755", "at least .77", gaps["news_auc_mean"]),
        (
            "AUC, HateCheck identity_attack",
            "at least .72",
            "at least .78",
            auc("hatecheck", "identity_attack"),
        ),
        ("AUC, Jigsaw toxicity", "at least .984", "at least .988", auc("jigsaw", "toxicity")),
        ("AUC, YouTube spam", "at least .985", "at least .99", auc("youtube_spam", "spam")),
        (
            "worst loss of AUC by a named disguise",
            "at most .015",
            "at most .005",
            f"{named[worst]:.4f} ({worst})",
        ),
        ("worst identity term's rate at 5 %", "at most .20", "at most .10", f"{rate:.3f} ({term})"),
        (
            "benign news held where 80 % of the toxic are",
            "at most .12",
            "at most .09",
            benign,
        ),
        ("ECE, Jigsaw toxicity", "at most .02", "at most .01", found[("jigsaw", "toxicity")]["ece"]),
        (
            "comments a second, one core, batches of 256",
            "at least 10,000 and 4 times the plain pipeline",
            "at least 30,000",
            f"{speed['ours']:,.0f}, {speed['ours'] / speed['plain']:.1f} times",
        ),
        ("one comment explained, median", "at most 1.5 ms", "at most .5 ms", f"{speed['single']:.2f} ms"),
        (
            "blog flattery caught where 1 % of news comments are",
            "",
            "",
            gaps["flattery_caught_at_1_percent_of_news"],
        ),
    ]
    return _table(("what", "target", "beyond", "measured"), rows)


def _examples(model: Model) -> str:
    """Shows how disguised comments are read, and which part carried the score."""
    rows = []
    texts = lines("disguised")
    for text, score in zip(texts, model.score(texts), strict=True):
        spans = model.explain(text, "toxicity", limit=2).spans
        shown = ", ".join(f"`{text[span.begin : span.end]}` {span.weight:+.1f}" for span in spans)
        rows.append((f"`{text}`", score.reads_as or "(as written)", f"{score.scores['toxicity']:.2f}", shown))
    return _table(("written", "read as", "toxicity", "heaviest spans (log-odds)"), rows)


def _interval(figure: list[float] | None) -> str:
    return "" if figure is None else f"{figure[0]:.3f} ({figure[1]:.3f}-{figure[2]:.3f})"


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Writes a Markdown table."""
    head = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return "\n".join(
        [*head, *(f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in rows)]
    )
