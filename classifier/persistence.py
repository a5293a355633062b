"""The model on disk: a skops file, the encoder beside it, and a manifest; hashes are checked before either is read."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from classifier.encoder import ENCODER, TOKENIZER
from classifier.labels import LABELS, ModelError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from classifier.language import LanguageIdentifier

SHIPPED = Path(__file__).parent
MODEL, MANIFEST = "model.skops", "model.json"
SCHEMA = "schema.json"
FORMAT = 3
MAX_BYTES = 64 << 20
TRUSTED = (
    "classifier.encoder.SentenceEncoder",
    "classifier.features.HashedNgrams",
    "classifier.heads.LabelStack",
    "classifier.heads.LinearHeads",
    "classifier.language.LanguageIdentifier",
    "classifier.signals.TextSignals",
    "classifier.text.TextReader",
)
"""The types of our own that a model file may hold; skops refuses any other that scikit-learn does not ship."""


def write(directory: Path, pipeline: Pipeline, languages: LanguageIdentifier, facts: dict[str, Any]) -> str:
    """Write the fitted pipeline and the manifest to `directory`, where the encoder lies already.

    Return the SHA-256 of the model file, which is the same for the same weights.
    """
    import skops.io

    sentence = pipeline["log_odds"]["sentence"]
    lies_in, sentence.directory = sentence.directory, None  # no path of this machine goes into the file
    _pack(skops.io.dumps({"pipeline": pipeline, "languages": languages}), directory / MODEL)
    sentence.directory = lies_in
    hashes = {name: _digest(directory / name) for name in (MODEL, ENCODER, TOKENIZER)}
    manifest = {
        "format": FORMAT,
        "labels": list(LABELS),
        "sha256": hashes[MODEL],
        "files": hashes,
        "scikit_learn": version("scikit-learn"),
        **facts,
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return hashes[MODEL]


def _pack(archive: bytes, file: Path) -> None:
    """Compress a skops archive, with numbers in the place of the times and the addresses in memory that it names."""
    numbers: dict[str, str] = {}

    def numbered(text: str) -> str:
        return re.sub(
            r'(?<="__id__": )\d+|\d+(?=\.npy)', lambda at: numbers.setdefault(at[0], str(len(numbers))), text
        )

    with ZipFile(BytesIO(archive)) as found, ZipFile(file, "w") as packed:
        members = {SCHEMA: numbered(found.read(SCHEMA).decode()).encode()}
        members |= {numbered(name): found.read(name) for name in found.namelist() if name != SCHEMA}
        for name, content in sorted(members.items()):
            packed.writestr(ZipInfo(name), content, ZIP_DEFLATED, compresslevel=6)


def read(directory: Path) -> tuple[Pipeline, LanguageIdentifier, dict[str, Any]]:
    """Read and check manifest, hashes and model; raise `ModelError` in one line."""
    import skops.io

    manifest = read_manifest(directory)
    for name, digest in manifest["files"].items():
        if _digest(directory / name) != digest:
            raise ModelError(
                f"{directory / name} is not the file its manifest describes: restore both, or train again"
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = skops.io.load(directory / MODEL, trusted=list(TRUSTED))
        pipeline, languages = found["pipeline"], found["languages"]
        encoder = pipeline["log_odds"]["sentence"]
    except Exception as fault:  # noqa: BLE001  # a file that is no model may raise anything
        raise ModelError(
            f"{directory / MODEL} holds no model that may be loaded ({type(fault).__name__}): train again"
        ) from None
    encoder.directory = str(directory)
    return pipeline, languages, manifest


def read_manifest(directory: Path) -> dict[str, Any]:
    """Read the manifest and refuse another format, other labels or another scikit-learn."""
    path = directory / MANIFEST
    try:
        manifest: Any = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"no readable model manifest at {path} ({type(error).__name__})") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("released"), str):
        raise ModelError(f"{path} names no release: restore it, or train again")
    if manifest.get("format") != FORMAT:
        raise ModelError(
            f"the model has format {manifest.get('format')}, this program reads format {FORMAT}: train again"
        )
    if manifest.get("labels") != list(LABELS):
        raise ModelError(f"the model's labels are {manifest.get('labels')}, not {list(LABELS)}: train again")
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) != {MODEL, ENCODER, TOKENIZER}:
        raise ModelError(f"{path} names no hash for each file of the model: restore it, or train again")
    trained, installed = str(manifest.get("scikit_learn", "")), version("scikit-learn")
    if trained.split(".")[:2] != installed.split(".")[:2]:
        raise ModelError(
            f"the model was trained with scikit-learn {trained}, this is {installed}: install {trained} or train again"
        )
    return dict(manifest)


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file of bounded size."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path} is larger than {MAX_BYTES >> 20} MiB: that is no model")
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})") from None
