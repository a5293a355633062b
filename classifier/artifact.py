"""The model on disk: plain arrays and a JSON manifest, checked against their hash before anything is believed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHIPPED = Path(__file__).parent
ARRAYS, MANIFEST = "model.npz", "model.json"
FORMAT = 2
MAX_BYTES = 64 << 20


def write(directory: Path, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> str:
    """Writes the arrays and their manifest to `directory` and returns the SHA-256 of the arrays' file.

    The bytes depend on the arrays alone: the archive carries no time stamps. Nothing is compressed, to load at once.
    """
    import numpy as np

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    manifest = {"format": FORMAT, "sha256": digest, "scikit_learn": version("scikit-learn"), **facts}
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ARRAYS).write_bytes(buffer.getvalue())
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return digest


def amend(directory: Path, **facts: Any) -> None:
    """Adds facts to the manifest in `directory`; the arrays and their hash stay as they are."""
    manifest = {**_manifest(directory), **facts}
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def move(source: Path, target: Path) -> None:
    """Moves a model from one directory to another, arrays first, and removes the emptied directory."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (ARRAYS, MANIFEST):
        (source / name).replace(target / name)
    source.rmdir()


def read(directory: Path | None = None) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Reads arrays and manifest from `directory` (the shipped model by default); raises `ModelError` in one line."""
    import numpy as np

    directory = directory or SHIPPED
    manifest = _manifest(directory)
    try:
        content = (directory / ARRAYS).read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model's arrays cannot be read ({error.strerror}): {directory / ARRAYS}"
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if len(content) > MAX_BYTES or digest != manifest.get("sha256"):
        raise ModelError(
            f"{directory / ARRAYS} is not the file its manifest describes: restore both, or train again"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}, manifest
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile):
        raise ModelError(f"{directory / ARRAYS} is no archive of plain arrays: train again") from None


def _manifest(directory: Path) -> dict[str, Any]:
    """Reads the manifest and refuses another format or another scikit-learn."""
    try:
        manifest: Any = json.loads((directory / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"no readable model manifest at {directory / MANIFEST} ({type(error).__name__})"
        ) from None
    if not isinstance(manifest, dict):
        raise ModelError(f"{directory / MANIFEST} is not one JSON object: restore it, or train again")
    if manifest.get("format") != FORMAT:
        raise ModelError(
            f"the model has format {manifest.get('format')}, this program reads format {FORMAT}: train again"
        )
    try:
        installed = version("scikit-learn")
    except PackageNotFoundError:
        raise ModelError("scikit-learn is not installed: install requirements.lock") from None
    trained = str(manifest.get("scikit_learn", ""))
    if trained.split(".")[:2] != installed.split(".")[:2]:
        raise ModelError(
            f"the model was trained with scikit-learn {trained}, this is {installed}: install {trained} or train again"
        )
    if not isinstance(manifest.get("released"), str) or not isinstance(manifest.get("sha256"), str):
        raise ModelError(f"{directory / MANIFEST} names no release or no hash: restore it, or train again")
    return dict(manifest)
