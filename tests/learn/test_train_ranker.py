"""Training the LVLM ranker, small: the curve, and what must not change it."""

import json
import os
import resource
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("transformers", "accelerate", "safetensors", "PIL", "cv2", "rasterio", "peft"):
    pytest.importorskip(package)

from edgegeo.errors import DataError, RangeError  # noqa: E402
from edgegeo.learn.candidate_file import read_candidates, write_candidates  # noqa: E402
from edgegeo.learn.curve import Curve, read_curve  # noqa: E402
from edgegeo.learn.ranker_checkpoint import open_ranker  # noqa: E402
from edgegeo.learn.ranker_recipe import RankerRecipe  # noqa: E402
from edgegeo.learn.ranker_training import RankerTraining, held_out_places  # noqa: E402
from edgegeo.learn.recipe import load_recipe  # noqa: E402
from tests.learn import ranker_run  # noqa: E402
from training.train_ranker import main  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Sums come out the same to the last bit only with the same number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranker")
    ranker_run.candidates(folder)
    return folder


def training(folder, out, **changed):
    recipe = load_recipe(RankerRecipe, ranker_run.recipe(folder, **changed))
    return RankerTraining(recipe, out, shown=False)


def losses(out):
    return [line["loss"] for line in read_curve(out / "metrics.jsonl")]


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """A run nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    best = training(folder, out).run()
    return out, best


def test_a_run_is_judged_by_recall_and_keeps_its_best(whole):
    out, best = whole
    curve = read_curve(out / "metrics.jsonl")
    assert [line["step"] for line in curve] == list(range(1, 17))
    judged = [line for line in curve if "recall_at_1_reranked" in line]
    assert [line["step"] for line in judged] == [4, 8, 12, 16]
    assert all(line["recall_at_1_retrieval"] == 1 for line in judged)
    assert all(line["gain_low"] <= line["gain"] <= line["gain_high"] for line in judged)
    assert {line["val_queries"] for line in judged} == {4}  # two of six places, two views each
    assert best["recall_at_1_reranked"] == max(line["recall_at_1_reranked"] for line in judged)
    card = json.loads((out / "best/ranker.json").read_text())
    assert card["recipe"]["candidates"] == 3
    assert card["versions"]["torch"] == torch.__version__
    assert card["candidates"]["set"] == "university-1652"
    assert "commit" in card
    assert card["step"] == best["step"]


def test_the_best_is_opened_again_and_scores_the_same(folder, whole):
    out, best = whole
    run = training(folder, out)
    ranker = open_ranker(out / "best")
    assert not ranker.training
    lesson = run.pairs.lesson(0)
    run.score = lambda lesson: ranker.score(lesson.frame, lesson.tiles)
    assert run.validate()["recall_at_1_reranked"] == best["recall_at_1_reranked"]
    assert torch.isfinite(ranker.score(lesson.frame, lesson.tiles)).all()
    with pytest.raises(DataError, match="holds no ranker"):
        open_ranker(folder)


def test_a_batch_is_learned_by_heart(folder, tmp_path):
    run = training(folder, tmp_path, lora_rank=0, epochs=20, labels="hard", warmup=1)
    lessons, state = run.lessons(0), {"updates": 0}
    found = [run.step(step, lessons, state) for step in range(25)]
    assert found[0] > 0.8
    assert found[-1] < 0.1


@pytest.mark.parametrize("stop", [1, 5, 6, 8, 15])
def test_a_run_stopped_at_any_step_repeats_its_curve(folder, whole, tmp_path, monkeypatch, stop):
    run = training(folder, tmp_path)
    whole_step = RankerTraining.step

    def stopping(self, step, *given):
        if step == stop:
            raise KeyboardInterrupt
        return whole_step(self, step, *given)

    with monkeypatch.context() as patch:
        patch.setattr(RankerTraining, "step", stopping)
        with pytest.raises(KeyboardInterrupt):
            run.run()
    again = training(folder, tmp_path)
    again.run()
    assert losses(tmp_path) == losses(whole[0])  # to the last bit


@pytest.mark.slow
def test_a_killed_process_goes_on(folder, whole, tmp_path):
    out, path = tmp_path / "run", ranker_run.recipe(folder)
    process = ranker_run.start(out, path)
    until = time.monotonic() + 120
    while len(read_curve(out / "metrics.jsonl")) < 7 and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    reached = len(read_curve(out / "metrics.jsonl"))
    assert reached >= 7
    process = ranker_run.start(out, path)
    text = process.communicate(timeout=240)[0]
    assert process.returncode == 0, text
    assert "best at step" in text
    np.testing.assert_allclose(losses(out), losses(whole[0]), atol=1e-6, rtol=0)


@pytest.mark.slow
def test_two_processes_give_the_curve_of_one(folder, whole, tmp_path):
    """Dropout included: its draws belong to the query. Only the order of sums differs."""
    process = ranker_run.start(tmp_path / "run", ranker_run.recipe(folder), processes=2)
    text = process.communicate(timeout=300)[0]
    assert process.returncode == 0, text
    np.testing.assert_allclose(losses(tmp_path / "run"), losses(whole[0]), atol=2e-4, rtol=0)
    ours, theirs = (read_curve(o / "metrics.jsonl") for o in (tmp_path / "run", whole[0]))
    assert [line.get("val_queries") for line in ours] == [
        line.get("val_queries") for line in theirs
    ]


def test_a_loss_that_is_not_finite_stops_and_names_the_batch(folder, tmp_path):
    run = training(folder, tmp_path)
    first = run.numbers(4)
    whole_loss, asked = run.query_loss, []

    def breaking(lesson):
        asked.append(lesson)
        loss = whole_loss(lesson)
        return loss * float("nan") if len(asked) == 9 else loss

    run.query_loss = breaking
    bad = run.pairs.queries[first[0]].id
    with pytest.raises(DataError, match=rf"step 5: the loss of {bad} is not finite; stopped"):
        run.run()
    kept = training(folder, tmp_path)
    assert all(torch.isfinite(p).all() for _, p in kept.ranker.learned())
    kept.run()  # the checkpoint of step 4 is good
    assert len(losses(tmp_path)) == 16


def test_a_gradient_that_is_not_finite_stops_too(folder, tmp_path):
    run = training(folder, tmp_path)
    run.ranker.value_head.weight.register_hook(lambda grad: grad * float("inf"))
    with pytest.raises(DataError, match=r"step 1: the gradient of train/drone/.* is not finite"):
        run.run()


def test_a_checkpoint_of_another_recipe_is_refused(folder, whole, tmp_path):
    with pytest.raises(
        DataError, match=r"another recipe: learning_rate differ \(learning_rate was"
    ):
        training(folder, whole[0], learning_rate=5e-4).run()
    other = tmp_path / "c.safetensors"
    other.write_bytes((folder / "c.safetensors").read_bytes())
    training(folder, tmp_path / "run", epochs=1, train=str(other)).run()
    found = read_candidates(other)
    write_candidates(other, replace(found, scores=found.scores / 2))
    with pytest.raises(DataError, match="another recipe: candidates_sha256 differ"):
        training(folder, tmp_path / "run", epochs=1, train=str(other)).run()


def test_a_full_disk_keeps_the_last_checkpoint(folder, tmp_path):
    run = training(folder, tmp_path, epochs=1, validate_every=99, save_every=2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    taken = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    whole_step = run.step

    def filling(step, *given):
        if step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        return whole_step(step, *given)

    run.step = filling
    try:
        with pytest.raises(DataError, match=r"cannot write .*untouched"):
            run.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, taken)
    assert not list(tmp_path.glob("*.tmp"))
    again = training(folder, tmp_path, epochs=1, validate_every=99, save_every=2)
    again.run()
    assert len(losses(tmp_path)) == 4


def test_bad_pictures_are_an_error_or_counted(tmp_path):
    ranker_run.candidates(tmp_path)
    (tmp_path / "set/train/satellite/0003/a.jpg").write_bytes(b"cut")
    with pytest.raises(DataError, match=r"0003/a\.jpg is not an image"):
        training(tmp_path, tmp_path / "a", epochs=1).run()
    (tmp_path / "set/train/drone/0004/0.jpeg").unlink()
    (tmp_path / "set/train/satellite/0005/a.jpg").unlink()
    with pytest.raises(DataError, match=r"4 of its images .*first is train/drone/0004.*mine again"):
        training(tmp_path, tmp_path / "a", epochs=1).run()
    run = training(tmp_path, tmp_path / "b", epochs=2, bad_images="skip")
    best = run.run()
    assert best["skipped"] >= 2
    names = {"train/satellite/0003/a.jpg", "train/drone/0004/0.jpeg", "train/satellite/0005/a.jpg"}
    assert names <= run.pairs.skipped


def test_bad_recipes_say_what_is_wrong(folder, tmp_path, capsys):
    def says(**changed):
        path = ranker_run.recipe(folder, **changed)
        assert main([str(tmp_path / "run"), "--recipe", str(path)]) == 2
        return capsys.readouterr().err

    assert "unknown key candidate; known: attention, bad_images, batch" in says(candidate=3)
    assert "learning_rate must be of type float, got 'fast'" in says(learning_rate="fast")
    assert "loss must be one of listwise, pointwise, plackett-luce, infonce" in says(loss="hinge")
    assert "holds 3 candidates a query, the recipe asks for 9" in says(candidates=9)
    assert "does not say where its images are: no labels by overlap" in says(labels="overlap")
    assert "8 queries do not fill a batch" in says(batch=64)
    assert "cannot read nowhere as candidates" in says(train="nowhere")
    assert "dtype must be float32 where every weight" in says(lora_rank=0, dtype="bfloat16")
    with pytest.raises(DataError, match="train must be given"):
        load_recipe(RankerRecipe, None)
    with pytest.raises(RangeError, match="held_out must be between 0 and 1"):
        RankerRecipe(train="c", held_out=1.0)


def test_places_are_held_out_whole(folder):
    pairs = training(folder, folder / "unused").pairs
    out = held_out_places(pairs.queries, 0.34, 0)
    blocks = [query.block for query in pairs.queries]
    assert {b for b, o in zip(blocks, out, strict=True) if o}.isdisjoint(
        b for b, o in zip(blocks, out, strict=True) if not o
    )
    assert out.sum() == 4
    with pytest.raises(DataError, match="6 places are too few to hold out 99%"):
        held_out_places(pairs.queries, 0.99, 0)


def test_a_curve_drops_what_lies_behind_the_checkpoint(tmp_path):
    lines = [json.dumps({"step": step, "loss": 1.0}) for step in (1, 2, 3)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + '\n{"step": 4, "lo')
    Curve(tmp_path, 2, tensorboard=False).add({"step": 3, "loss": 0.5})
    assert [line["loss"] for line in read_curve(tmp_path / "metrics.jsonl")] == [1, 1, 0.5]


def test_tensorboard_gets_the_same_numbers(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    curve = Curve(tmp_path, 0, tensorboard=True)
    curve.add({"step": 1, "loss": 0.5})
    curve.close()
    board = EventAccumulator(str(tmp_path))
    board.Reload()
    assert [(e.step, e.value) for e in board.Scalars("loss")] == [(1, 0.5)]
