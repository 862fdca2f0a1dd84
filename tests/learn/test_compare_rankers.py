"""The tables of rankers from pictures to results, on lists of another retriever."""

import json

import numpy as np
import pytest

for package in ("torch", "safetensors", "rasterio", "cv2"):
    pytest.importorskip(package)

from tests.learn.made_lessons import lessons  # noqa: E402
from training import compare_rankers, mine_candidates, simple_embeddings  # noqa: E402
from training.simple_embeddings import BINS, CELLS, colour_and_gradient  # noqa: E402


def test_colours_and_gradients_stand_light_and_say_directions():
    rng = np.random.default_rng(0)
    picture = rng.integers(60, 160, (128, 128, 3)).astype(np.uint8)
    row = colour_and_gradient(picture)
    assert row.shape == (CELLS**2 * (3 + BINS),)
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-4)
    brighter = (picture * 1.4 + 10).astype(np.uint8)
    assert row @ colour_and_gradient(brighter) > 0.99
    stripes = np.zeros((128, 128, 3), np.uint8)
    stripes[:, ::8] = 200  # upright: light changes from west to east
    by_direction = colour_and_gradient(stripes)[-(CELLS**2) * BINS :].reshape(-1, BINS)
    assert (by_direction[:, 0] > 0).all()
    assert by_direction[:, 1:].max() == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    queries, lists = lessons(folder, frames=8)
    simple_embeddings.main("truth", queries, folder / "simple", None)
    by_colour = folder / "colour.safetensors"
    words = ["truth", queries, "--top", 5, "--out", by_colour, "--embeddings"]
    words += [folder / f"simple/colour-{letter}.npy" for letter in "qg"]
    words += ["--ids", *(folder / f"simple/{letter}.txt" for letter in "qg")]
    mine_candidates.run(mine_candidates.parser().parse_args([*map(str, words)]))
    return folder, lists, by_colour


def test_a_table_is_written_and_its_rankers_are_kept(made, monkeypatch, capsys):
    folder, lists, by_colour = made
    monkeypatch.setattr(compare_rankers, "RESULTS", folder / "results")
    monkeypatch.setattr(compare_rankers, "SCHEDULES", {"rankers": (1, 4)})
    words = ["rankers", folder / "runs", "--train", lists, "--seeds", 2]
    words += ["--judge", f"own={lists}", f"colour={by_colour}"]
    assert compare_rankers.main([*map(str, words)]) == 0
    said = capsys.readouterr().out
    for name in ("own", "colour"):
        lines = (folder / f"results/rankers-{name}.jsonl").read_text().splitlines()
        results = [json.loads(line) for line in lines]
        assert [(one["variant"], one["seed"]) for one in results] == [
            ("retrieval", None),
            ("correlation, nothing learned", None),
            ("the shipped relation", None),
            *((kind, seed) for seed in (0, 1) for kind in ("relation", "cross-attention")),
        ]
        assert results[0]["recall_at_1"] == results[0]["recall_at_1_retrieval"]
        assert f"| {name} | seeds |" in said
    assert {path.name for path in (folder / "runs").glob("rankers-*")} == {
        f"rankers-{kind}-{seed}.safetensors"
        for kind in ("relation", "cross-attention")
        for seed in (0, 1)
    }


def test_without_seeds_only_what_needs_no_teaching_is_judged(made, monkeypatch, capsys):
    folder, lists, _ = made
    monkeypatch.setattr(compare_rankers, "RESULTS", folder / "bare")
    words = ["shipped", folder / "runs", "--train", lists, "--judge", f"own={lists}", "--seeds", 0]
    assert compare_rankers.main([*map(str, words)]) == 0
    lines = (folder / "bare/shipped-own.jsonl").read_text().splitlines()
    assert [json.loads(line)["seed"] for line in lines] == [None] * 3
    assert "| over retrieval |" in capsys.readouterr().out


def test_every_scale_is_asked_as_it_is_and_taught_on(made, monkeypatch):
    folder, lists, _ = made
    monkeypatch.setattr(compare_rankers, "RESULTS", folder / "scales")
    monkeypatch.setattr(compare_rankers, "SCHEDULES", {"scales": (1, 4)})
    words = ["scales", folder / "runs", "--train", lists, "--judge", f"own={lists}", "--seeds", 1]
    assert compare_rankers.main([*map(str, words)]) == 0
    lines = (folder / "scales/scales-own.jsonl").read_text().splitlines()
    results = {one["variant"]: one for one in map(json.loads, lines)}
    assert [*results][-5:] == [
        "the shipped relation",
        "it, at every scale",
        "it, at every scale, taught on",
        "it, taught on",
        "it, taught on by that",
    ]
    medians = [one["median_m"] for one in results.values()]
    assert len({*medians[-5:]}) == 5  # each has seen something else, or learned from another


def test_a_teacher_goes_with_its_table(made, capsys):
    folder, lists, _ = made
    words = ["teacher", str(folder / "runs"), "--train", str(lists), "--judge", f"own={lists}"]
    assert compare_rankers.main(words) == 2
    assert "--teacher goes with the table teacher" in capsys.readouterr().err
