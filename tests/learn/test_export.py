"""What ONNX Runtime computes is what PyTorch computes, at every batch size."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from edgegeo.backends.onnxruntime import Session  # noqa: E402
from edgegeo.export.onnx import export_student  # noqa: E402
from edgegeo.learn.whitening import fit_whitening  # noqa: E402
from edgegeo.models.encoder import EncoderConfig  # noqa: E402
from edgegeo.models.ranker import Judge, Ranker  # noqa: E402
from edgegeo.models.student import Student  # noqa: E402
from edgegeo.reference import run_reference  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # the exporter's own deprecations


@pytest.fixture(scope="module")
def student():
    torch.manual_seed(0)
    student = Student(EncoderConfig()).eval()
    fit_whitening(student.encoder, pictures(8))
    return student


@pytest.fixture(scope="module")
def folder(student, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    export_student(student, out, "test", {"note": "random"})
    return out


def pictures(count):
    image = torch.randn(count, 4, 128, 128, generator=torch.Generator().manual_seed(count))
    image[:, 3] = (image[:, 3] > -1).float()
    return image


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_encoder(student, folder, batch):
    image = pictures(batch)
    found = Session(folder / "encoder.onnx").run({"image": image.numpy()})
    with torch.no_grad():
        expected = student.encoder(image)
    assert list(found) == ["embedding", "tokens", "moved", "moves"]
    assert found["moved"].shape == (batch, 27, 128)
    assert found["moves"].shape == (27, 3)
    for array, same in zip(found.values(), expected, strict=True):
        np.testing.assert_allclose(array, same.numpy(), atol=2e-5)


@pytest.mark.parametrize(("copies", "k"), [(1, 1), (2, 3), (4, 5), (3, 32)])
def test_ranker(student, folder, copies, k):
    rng = torch.Generator().manual_seed(k)
    frames, tiles = (0.3 * torch.randn(n, 256, 32, generator=rng) for n in (copies, k))
    copy, move = torch.arange(k) % copies, (5 * torch.arange(k) + 3) % 27
    inputs = {
        "query_tokens": frames,
        "copy": copy,
        "move": move,
        "candidate_tokens": tiles,
    }
    found = Session(folder / "ranker.onnx").run({n: a.numpy() for n, a in inputs.items()})
    with torch.no_grad():
        expected = Ranker(student.relation, EncoderConfig()).eval()(frames, copy, move, tiles)
    assert list(found) == ["relevance", "offset", "log_variance", "turn", "scale"]
    for array, same in zip(found.values(), expected, strict=True):
        np.testing.assert_allclose(array, same.numpy(), atol=1e-3)


@pytest.mark.parametrize("k", [1, 36])
def test_relation(student, folder, k):
    rng = torch.Generator().manual_seed(k)
    cosine, overlap = torch.rand(2, k, 13, 13, generator=rng).unbind()
    network = Session(folder / "relation.onnx")
    found = network.run({"cosine": cosine.numpy(), "overlap": overlap.numpy()})
    with torch.no_grad():
        expected = Judge(student.relation, 16)(cosine, overlap)
    assert list(found) == ["relevance", "offset", "log_variance"]
    for array, same in zip(found.values(), expected, strict=True):
        np.testing.assert_allclose(array, same.numpy(), atol=1e-4)
    assert float(network.metadata["power"]) == student.relation.power.item()


def test_the_files_do_not_say_where_they_were_made(folder):
    """The exporter writes the file and the line of every operation into the graph."""
    for path in folder.glob("*.onnx"):
        content = path.read_bytes()
        assert b'.py", line' not in content
        assert b"site-packages" not in content


def test_the_folder_keeps_the_contract_of_an_engine(folder):
    arrays = run_reference(folder, 128, 16)
    assert arrays["encoder.out.moved"].shape == (4, 27, 128)


def test_the_model_folder_says_what_it_is(folder):
    card = json.loads((folder / "model.json").read_text())
    assert (card["model_id"], card["px"], card["grid"]) == ("test", 128, 16)
    assert card["note"] == "random"
    size = sum((folder / name).stat().st_size for name in ("encoder.onnx", "ranker.onnx"))
    assert size < 12e6
