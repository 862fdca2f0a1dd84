"""What rankers see of mined pairs: against the real encoder, and read again from the file."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("safetensors", "rasterio", "cv2"):
    pytest.importorskip(package)

from edgegeo.backends.onnxruntime import Session  # noqa: E402
from edgegeo.datasets import open_benchmark  # noqa: E402
from edgegeo.errors import DataError  # noqa: E402
from edgegeo.export.checkpoint import load_student  # noqa: E402
from edgegeo.learn.distil_validation import judge  # noqa: E402
from edgegeo.learn.pair_tokens import halved, pair_tokens  # noqa: E402
from edgegeo.learn.pair_volumes import pair_volumes  # noqa: E402
from edgegeo.model_folder import SHIPPED  # noqa: E402
from edgegeo.preprocess import network_input  # noqa: E402
from tests.learn.made_lessons import lessons  # noqa: E402
from tests.weights import STUDENT  # noqa: E402


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    relation = load_student(STUDENT).relation
    queries, lists = lessons(folder)
    out = {name: folder / f"{name}.safetensors" for name in ("volumes", "tokens")}
    volumes = pair_volumes(lists, SHIPPED, relation, out["volumes"])
    tokens = pair_tokens(lists, SHIPPED, out["tokens"])
    return queries, lists, out, relation, volumes, tokens


def test_tokens_are_the_encoders_own_averaged(made):
    queries, _, _, _, _, tokens = made
    benchmark = open_benchmark("truth", queries)
    frame, tile = tokens.seen
    assert frame.shape == (len(benchmark.queries), 1, 64, 32)
    assert tile.shape == (len(benchmark.queries), 5, 64, 32)
    encoder = Session(SHIPPED / "encoder.onnx", 1)
    row = tokens.candidates.rows[2, 1]
    for seen, picture, tolerance in (
        (frame[2, 0], benchmark.queries[2].picture, 1e-3),
        (tile[2, 1], benchmark.gallery[row].picture, 1e-2),  # stored as int8
    ):
        image = network_input(*picture.square(128, "stretch"))[None]
        whole = encoder.run({"image": image})["tokens"][0].reshape(8, 2, 8, 2, 32)
        expected = whole.mean((1, 3)).reshape(64, 32)
        np.testing.assert_allclose(seen.astype(np.float32), expected, atol=tolerance)


def test_offsets_say_where_the_frame_lies_on_its_tiles(made):
    _, _, _, _, volumes, tokens = made
    np.testing.assert_array_equal(volumes.offset, tokens.offset)
    off_m = np.linalg.norm(volumes.offset, axis=2) * volumes.tile_m
    np.testing.assert_allclose(off_m, volumes.candidates.distance_m, rtol=1e-3, atol=0.01)


def test_the_shipped_relation_finds_frames_and_their_place_by_the_volumes(made):
    _, _, _, relation, volumes, _ = made
    judged = judge(relation, volumes)
    assert judged.recall_at_1 >= judged.recall_at_1_retrieval
    assert judged.median_m is not None
    assert judged.median_m < 5


def test_what_is_there_is_read_and_what_is_of_other_weights_is_not(made, monkeypatch):
    _, lists, out, relation, volumes, _ = made

    def none(*_):
        raise AssertionError("made again")

    monkeypatch.setattr("edgegeo.learn.encoded_pairs._encoded_set", none)
    again = pair_volumes(lists, SHIPPED, relation, out["volumes"])
    for first, second in zip(volumes.seen, again.seen, strict=True):
        np.testing.assert_array_equal(first, second)
    with torch.no_grad():
        relation.power += 0.1
    try:
        with pytest.raises(AssertionError, match="made again"):
            pair_volumes(lists, SHIPPED, relation, out["volumes"])
    finally:
        with torch.no_grad():
            relation.power -= 0.1


def encoded_again(monkeypatch):
    def none(*_):
        raise AssertionError("encoded again")

    monkeypatch.setattr("edgegeo.learn.encoded_pairs._batches", none)


def test_lists_of_one_set_share_its_encoded_images(made, monkeypatch, tmp_path):
    _, lists, out, _, _, _ = made
    assert len([*out["tokens"].parent.glob("encoded-*.safetensors")]) == 1
    encoded_again(monkeypatch)
    out["tokens"].unlink()
    pair_tokens(lists, SHIPPED, out["tokens"])
    with pytest.raises(AssertionError, match="encoded again"):
        pair_tokens(lists, SHIPPED, tmp_path / "elsewhere.safetensors")


def test_other_pictures_under_the_same_names_are_encoded_again(made, monkeypatch):
    queries, lists, out, _, _, _ = made
    table = queries / "truth.csv"
    before = table.read_text()
    head, *rows = before.splitlines()
    turned = [row.split(",") for row in rows]
    for row in turned:
        row[3] = f"{(float(row[3]) + 40) % 360:.3f}"  # told another heading
    table.write_text("\n".join([head, *(",".join(row) for row in turned)]) + "\n")
    encoded_again(monkeypatch)
    out["tokens"].unlink()
    try:
        with pytest.raises(AssertionError, match="encoded again"):
            pair_tokens(lists, SHIPPED, out["tokens"])
    finally:
        table.write_text(before)


def test_a_damaged_file_is_an_error(made, tmp_path):
    _, lists, out, relation, _, _ = made
    cut: Path = tmp_path / "cut.safetensors"
    cut.write_bytes(out["volumes"].read_bytes()[:1000])
    with pytest.raises(DataError, match="no file of seen pairs, delete it"):
        pair_volumes(lists, SHIPPED, relation, cut)


def test_halving_is_a_mean_over_neighbours():
    grid = np.arange(16, dtype=np.float32).reshape(1, 16, 1)
    assert halved(grid)[0, :, 0].tolist() == [2.5, 4.5, 10.5, 12.5]
