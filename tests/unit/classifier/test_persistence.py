"""The model on disk: what is not exactly what was trained is refused in one line, before it is read."""

import hashlib
import json
import subprocess
import sys

import pytest
import skops.io
from sklearn.base import BaseEstimator, clone

from classifier import Model, ModelError, persistence
from classifier.encoder import ENCODER, TOKENIZER

FILES = (persistence.MODEL, persistence.MANIFEST, ENCODER, TOKENIZER)


@pytest.fixture
def place(tmp_path):
    """A directory with the shipped model's files, each of which may be replaced."""
    for name in FILES:
        (tmp_path / name).symlink_to(persistence.SHIPPED / name)
    return tmp_path


def refused(place, complaint):
    with pytest.raises(ModelError, match=complaint) as caught:
        Model.load(place)
    assert "\n" not in str(caught.value)


def put(place, name, content):
    (place / name).unlink()
    (place / name).write_bytes(content)


def change_manifest(place, **changes):
    manifest = json.loads((persistence.SHIPPED / persistence.MANIFEST).read_text())
    put(place, persistence.MANIFEST, json.dumps({**manifest, **changes}).encode())


def put_model(place, content):
    put(place, persistence.MODEL, content)
    manifest = json.loads((place / persistence.MANIFEST).read_text())
    files = {**manifest["files"], persistence.MODEL: hashlib.sha256(content).hexdigest()}
    change_manifest(place, files=files)


@pytest.mark.parametrize("name", [persistence.MODEL, ENCODER, TOKENIZER])
def test_a_file_with_a_changed_byte_is_refused(place, name):
    content = bytearray((place / name).read_bytes())
    content[len(content) // 2] ^= 1
    put(place, name, bytes(content))
    refused(place, f"{name} is not the file its manifest describes")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(place, tmp_path_factory, name):
    (place / name).unlink()
    refused(place, name.replace(".", r"\."))
    refused(tmp_path_factory.mktemp("empty"), "no readable model manifest")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"released": None}, "names no release"),
        ({"labels": ["spam"]}, "the model's labels are"),
        ({"format": 2}, "has format 2, this program reads format 3"),
        ({"files": {}}, "names no hash for each file"),
        ({"files": {"../model.skops": "", ENCODER: "", TOKENIZER: ""}}, "names no hash for each file"),
        ({"scikit_learn": "0.1.0"}, r"trained with scikit-learn 0\.1\.0, this is"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(place, changes, complaint):
    change_manifest(place, **changes)
    refused(place, complaint)


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_no_object_is_refused(place, content):
    put(place, persistence.MANIFEST, content)
    refused(place, "manifest at|names no release")


def test_another_patch_of_scikit_learn_is_no_reason_to_refuse(place):
    manifest = json.loads((place / persistence.MANIFEST).read_text())
    line = ".".join(manifest["scikit_learn"].split(".")[:2])
    change_manifest(place, scikit_learn=f"{line}.99")
    assert persistence.read_manifest(place)["scikit_learn"] == f"{line}.99"


def test_a_cut_archive_is_refused_and_one_too_large_for_a_model_not_read(place, monkeypatch):
    put_model(place, (place / persistence.MODEL).read_bytes()[:10_000])
    refused(place, "holds no model that may be loaded")
    monkeypatch.setattr(persistence, "MAX_BYTES", 1000)
    refused(place, "that is no model")


class Foreign(BaseEstimator):
    """An estimator that is neither scikit-learn's nor the classifier's."""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.update(languages=Foreign()),
        lambda found: found["pipeline"].steps.append(("foreign", Foreign())),
        lambda found: found["pipeline"].set_params(labels__classifier=print),
        lambda found: found.pop("pipeline"),
    ],
    ids=["estimator", "step", "function", "no pipeline"],
)
def test_a_type_that_is_not_trusted_is_not_loaded(place, spoil):
    model = Model.load()
    found = {"pipeline": clone(model.pipeline), "languages": clone(model.reader.languages)}
    spoil(found)
    put_model(place, skops.io.dumps(found))
    refused(place, "holds no model that may be loaded")


def test_what_is_written_is_read_again_and_the_same_twice(model, tmp_path):
    texts = ["You are an idiot.", "y0u 4r3 4n 1d10t", "Das ist ein guter Artikel, vielen Dank."]
    facts = {"released": "2027.1", "seed": 5}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for file in (ENCODER, TOKENIZER):
            (tmp_path / name / file).symlink_to(persistence.SHIPPED / file)
    digest = persistence.write(tmp_path / "one", model.pipeline, model.reader.languages, facts)
    pipeline, languages, manifest = persistence.read(tmp_path / "one")
    again = Model(pipeline, languages, manifest)
    assert digest == manifest["sha256"]
    assert digest == persistence.write(tmp_path / "two", again.pipeline, languages, facts)
    assert again.version == f"2027.1-{digest[:8]}"
    assert manifest["seed"] == 5
    for one, other in zip(again.score(texts), model.score(texts), strict=True):
        assert one.scores == other.scores


def test_the_package_is_small_and_importing_it_loads_nothing_heavy():
    code = (
        "import sys, classifier\n"
        "def loaded(*names): return [name for name in sys.modules if name.startswith(names)]\n"
        "print(loaded('numpy', 'scipy', 'sklearn', 'onnxruntime'))\n"
        "print(all(hasattr(classifier, name) for name in classifier.__all__))\n"
        "classifier.Model.load().score(['hello'])\n"
        "print(loaded('classifier.training', 'pandas', 'matplotlib', 'torch'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", "True", "[]"]
    assert sum((persistence.SHIPPED / name).stat().st_size for name in (*FILES, "lid.176.ftz")) <= 48_000_000
