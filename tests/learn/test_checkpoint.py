"""Trained weights in files: they come back whole, or it is said what is wrong with them."""

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from edgegeo.errors import DataError  # noqa: E402
from edgegeo.export.checkpoint import (  # noqa: E402
    is_whitened,
    load_student,
    save_student,
    whitening_beside,
)
from edgegeo.models.encoder import EncoderConfig  # noqa: E402
from edgegeo.models.student import Student  # noqa: E402


@pytest.fixture(scope="module")
def student():
    torch.manual_seed(0)
    student = Student(EncoderConfig()).eval()
    student.encoder.mean.normal_()
    return student


def test_weights_come_back_as_they_were_stored(student, tmp_path):
    """In half precision, and with the whitening to the last bit."""
    path = tmp_path / "student.safetensors"
    save_student(student, path)
    loaded = load_student(path)
    assert {p.name for p in tmp_path.iterdir()} == {path.name, whitening_beside(path).name}
    assert path.stat().st_size < 3e6
    assert not loaded.training
    image = torch.rand(2, 4, 128, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        one, other = student.encoder.tokens(image), loaded.encoder.tokens(image)
    torch.testing.assert_close(one, other, atol=5e-3, rtol=0)
    for name in ("mean", "projection"):
        stored, found = getattr(student.encoder, name), getattr(loaded.encoder, name)
        torch.testing.assert_close(found, stored, atol=0, rtol=0)


def test_weights_without_a_whitening_are_known_as_such(student, tmp_path):
    path = tmp_path / "student.safetensors"
    save_student(student, path)
    assert is_whitened(load_student(path))
    whitening_beside(path).unlink()
    assert not is_whitened(load_student(path))


def test_a_checkpoint_gives_its_averaged_weights_with_or_without_a_whitening(student, tmp_path):
    state = student.state_dict()
    older = {name: value for name, value in state.items() if not name.startswith("encoder.mean")}
    for name, average in (("new.pt", state), ("old.pt", older)):
        torch.save({"student": {}, "average": average}, tmp_path / name)
        loaded = load_student(tmp_path / name)
        torch.testing.assert_close(loaded.relation.state_dict(), student.relation.state_dict())
        assert is_whitened(loaded) == (name == "new.pt")


@pytest.mark.parametrize("change", ["lacks", "does not know"])
def test_weights_of_another_network_are_named(student, tmp_path, change):
    weights = {name: value.clone() for name, value in student.state_dict().items()}
    moved = weights.pop("relation.power")
    if change == "does not know":
        weights |= {"relation.power": moved, "relation.colour": moved.clone()}
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(DataError, match=rf"{change} \['relation\."):
        load_student(tmp_path / "other.safetensors")


def test_weights_of_another_size_are_refused(student, tmp_path):
    weights = {name: value.clone() for name, value in student.state_dict().items()}
    weights["encoder.context.bias"] = torch.zeros(7)
    save_file(weights, tmp_path / "wide.safetensors")
    with pytest.raises(DataError, match="another network"):
        load_student(tmp_path / "wide.safetensors")


@pytest.mark.parametrize("name", ["student.pt", "student.safetensors"])
@pytest.mark.parametrize("harm", ["missing", "empty", "cut short", "text"])
def test_a_damaged_file_is_refused(student, tmp_path, name, harm):
    path = tmp_path / name
    if name.endswith(".pt"):
        torch.save({"average": student.state_dict()}, path)
    else:
        save_student(student, path)
    whole = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {"empty": b"", "cut short": whole[: len(whole) // 2], "text": b"weights"}[harm]
        )
    with pytest.raises(DataError, match=r"student\.(pt|safetensors)"):
        load_student(path)


@pytest.mark.parametrize("found", [[1, 2], {"model": {}}, {"average": None}])
def test_a_checkpoint_of_another_program_is_refused(tmp_path, found):
    torch.save(found, tmp_path / "student.pt")
    with pytest.raises(DataError, match="averaged weights"):
        load_student(tmp_path / "student.pt")
