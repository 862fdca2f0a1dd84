"""`python -m training.benchmark` from a tiny set to its table and its results."""

import json

import numpy as np
import pytest

from edgegeo.datasets import open_benchmark
from tests.colour_encoders import write_encoder, write_model
from tests.datasets import trees
from training.benchmark import main


@pytest.fixture
def run(tmp_path, capsys):
    def command(*words):
        code = main([*map(str, words), "--out", str(tmp_path / "results.json")])
        printed = capsys.readouterr()
        results = None
        if code == 0:
            results = json.loads((tmp_path / "results.json").read_text())
        return code, printed.out, printed.err, results

    return command


def test_with_our_encoder(run, tmp_path):
    trees.university(tmp_path / "set")
    model = write_model(tmp_path / "model")
    code, out, _, results = run("university-1652", tmp_path / "set", "--model", model)
    assert code == 0
    assert out.startswith("University-1652, drone-to-satellite: 6 queries, 4 gallery images")
    assert "| recall_at_1 | 100.00" in out
    assert "6 of 37855 queries: not the published set" in out
    assert results["retrieval"]["recall_at_1"] == 1
    assert results["settings"]["encoder"] == "colours"
    assert results["versions"]["python"]


@pytest.mark.parametrize(
    ("name", "make", "split", "metric"),
    [
        ("university-1652", trees.university, "satellite-to-drone", "ap_university"),
        ("sues-200", trees.sues, "150-satellite-to-drone", "ap_university"),
        ("denseuav", trees.denseuav, None, "sdm_denseuav_at_1"),
        ("gta-uav", trees.gta, "cross-area", "sdm_game4loc_at_1"),
        ("uav-visloc", trees.visloc, "all", "dis_at_1_m"),
        ("naip", trees.naip, "alpha", "pdm_at_1"),
        ("truth", trees.flight, None, "pdm_at_5"),
    ],
)
def test_with_any_encoder_on_every_set(run, tmp_path, name, make, split, metric):
    make(tmp_path / "set")
    encoder = write_encoder(tmp_path / "other.onnx", px=None)
    words = ["--split", split] if split else []
    code, out, err, results = run(
        name, tmp_path / "set", "--onnx", encoder, "--px", 16, "--fit", "crop", *words
    )
    assert code == 0, err
    assert f"| {metric} |" in out
    if name != "uav-visloc":  # a frame of one colour over a map of noise
        assert results["retrieval"]["recall_at_1"] == 1
    assert results["settings"]["px"] == 16


def embeddings_of(tmp_path, benchmark):
    """Random rows; a query's are those of its first right image."""
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((len(benchmark.gallery), 8))
    queries = gallery[[query.right[0] for query in benchmark.queries]]
    paths = []
    for name, rows, images in (
        ("q", queries, benchmark.queries),
        ("g", gallery, benchmark.gallery),
    ):
        np.save(tmp_path / f"{name}.npy", rows)
        ids = [f"/elsewhere/{image.id}\n" for image in images]
        (tmp_path / f"{name}.txt").write_text("".join(ids))
        paths.append((tmp_path / f"{name}.npy", tmp_path / f"{name}.txt"))
    return [
        *("--embeddings", paths[0][0], paths[1][0]),
        *("--ids", paths[0][1], paths[1][1]),
    ]


def test_with_embeddings_of_another_repository(run, tmp_path):
    benchmark = open_benchmark("gta-uav", trees.gta(tmp_path / "set"))
    words = embeddings_of(tmp_path, benchmark)
    code, _, _, results = run("gta-uav", tmp_path / "set", *words)
    assert code == 0
    assert results["retrieval"]["recall_at_1"] == 1
    assert results["retrieval"]["dis_at_1_m"] == pytest.approx(
        (np.hypot(3633.5 - 3628.8, 7140.6 - 7084.8) + np.hypot(3542.4 - 3628.8, 7171.2 - 7084.8))
        / 2
    )


def test_candidates_to_a_re_ranker_and_back(run, tmp_path):
    benchmark = open_benchmark("university-1652", trees.university(tmp_path / "set"))
    words = ["university-1652", tmp_path / "set", *embeddings_of(tmp_path, benchmark)]
    top = tmp_path / "top.jsonl"
    assert run(*words, "--candidates", top, "--top", 2)[0] == 0
    lines = [json.loads(line) for line in top.read_text().splitlines()]
    assert [len(line["gallery"]) for line in lines] == [2] * 6
    lines[0]["gallery"].reverse()  # a re-ranker that errs once, and says nothing of the others
    (tmp_path / "mine.jsonl").write_text(json.dumps(lines[0]) + "\n")
    code, out, _, results = run(*words, "--reranked", tmp_path / "mine.jsonl")
    assert code == 0
    assert results["retrieval"]["recall_at_1"] == 1
    assert results["reranked"]["recall_at_1"] == pytest.approx(5 / 6)
    assert results["reranking_gain"]["mean"] == pytest.approx(-1 / 6)
    assert "| metric | retrieval | reranked |" in out


def test_bad_images_are_an_error_or_counted(run, tmp_path):
    root = trees.university(tmp_path / "set")
    (root / "test/query_drone/0001/image-00.jpeg").write_text("cut off")
    (root / "test/gallery_satellite/0002/0002.jpg").write_bytes(b"")
    words = ["university-1652", root, "--onnx", write_encoder(tmp_path / "e.onnx")]
    code, _, err, _ = run(*words)
    assert code == 2
    assert err.splitlines()[-1].startswith("benchmark: error: ")
    assert "image-00.jpeg is not an image" in err
    code, out, _, results = run(*words, "--bad-images", "skip")
    assert code == 0
    assert results["settings"]["skipped_queries"] == ["test/query_drone/0001/image-00.jpeg"]
    assert "note: 1 skipped_gallery, the first is test/gallery_satellite/0002/0002.jpg" in out
    # Of five queries left, the two of building 0002 cannot be answered and count as missed.
    assert (results["queries"], results["gallery"]) == (5, 3)
    assert results["retrieval"]["recall_at_10"] == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["naip", "{}/nowhere", "--onnx", "{}/e.onnx"], "nowhere is not a folder"),
        (["university-1652", "{}", "--onnx", "{}/e.onnx"], "it has no test/query_drone"),
        (["university-1652", "{}/set", "--onnx", "{}/gone.onnx"], "cannot be loaded"),
        (["university-1652", "{}/set", "--model", "{}"], "is not a model folder"),
        (["university-1652", "{}/set", "--embeddings", "a.npy", "b.npy"], "--ids go together"),
        (["university-1652", "{}/set", "--model", "{}", "--px", "16"], "--px is for --onnx"),
        (["university-1652", "{}/set", "--onnx", "{}/e.onnx", "--split", "x"], "no split 'x'"),
        (
            ["university-1652", "{}/set", "--onnx", "{}/e.onnx", "--candidates", "{}/no/c.jsonl"],
            "its folder does not exist",
        ),
    ],
)
def test_bad_input_is_one_clear_line(run, tmp_path, words, says):
    trees.university(tmp_path / "set")
    write_encoder(tmp_path / "e.onnx")
    code, out, err, _ = run(*(word.format(tmp_path) for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_embeddings_that_do_not_fit_each_other(run, tmp_path):
    benchmark = open_benchmark("university-1652", trees.university(tmp_path / "set"))
    words = embeddings_of(tmp_path, benchmark)
    np.save(tmp_path / "q.npy", np.ones((6, 5)))
    code, _, err, _ = run("university-1652", tmp_path / "set", *words)
    assert code == 2
    assert "differ in width: (6, 5), (4, 8)" in err


def test_the_shipped_model_across_years(run, data_dir):
    """A check of the plumbing, on val: four years lie between, the views are the same."""
    code, _, _, results = run(
        "naip", data_dir / "naip/claremont", "--model", "edgegeo/model", "--threads", 1
    )
    assert code == 0
    assert results["queries"] == results["gallery"] == 92
    assert results["retrieval"]["recall_at_1"] > 0.9
