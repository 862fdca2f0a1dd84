"""One step of training: what is compared, what learns, how fast."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("rasterio")
torch = pytest.importorskip("torch")

from edgegeo.demo.landscape import landscape  # noqa: E402
from edgegeo.learn import places  # noqa: E402
from edgegeo.learn.pairs_of_views import Views, draw  # noqa: E402
from edgegeo.models.encoder import EncoderConfig  # noqa: E402
from edgegeo.models.relate import turn_and_scale  # noqa: E402
from edgegeo.models.student import Student  # noqa: E402
from training.train_student import (  # noqa: E402
    StudentRecipe,
    averaged,
    learning_rate,
    step_loss,
)

CONFIG = EncoderConfig()


@pytest.fixture(scope="module")
def grounds():
    return [
        places.Place(f"made {seed}", 0.5, (landscape(seed, 300, 0.5, 0),)) for seed in range(12, 16)
    ]


def batch(grounds, seed):
    return draw([grounds], [1.0], 4, Views(), np.random.default_rng(seed))


def test_a_step_gives_finite_gradients_to_all_that_learns(grounds):
    torch.manual_seed(0)
    student = Student(CONFIG)
    before = student.encoder.projection.clone()
    parts = step_loss(student, batch(grounds, 1), StudentRecipe())
    assert set(parts) == {"position", "nowhere"}
    assert all(torch.isfinite(part) for part in parts.values())
    torch.stack(list(parts.values())).sum().backward()
    learned = {n: p.grad for n, p in student.named_parameters()}
    assert all(grad is not None and torch.isfinite(grad).all() for grad in learned.values())
    assert learned["encoder.stem.0.0.weight"].abs().max() > 0
    torch.testing.assert_close(student.encoder.projection, before, atol=0, rtol=0)


def test_frames_are_brought_onto_their_tiles_before_they_are_compared(grounds, monkeypatch):
    """The true turn and scale with no noise on top: the batch's own numbers."""
    asked = []

    def noted(grid, turn_deg, scale):
        asked.append((turn_deg, scale))
        return turn_and_scale(grid, turn_deg, scale)

    monkeypatch.setattr("training.train_student.turn_and_scale", noted)
    recipe = StudentRecipe(turn_noise_deg=0.0, scale_noise=0.0)
    one = batch(grounds, 2)
    step_loss(Student(CONFIG), one, recipe)
    ((turn_deg, scale),) = asked
    np.testing.assert_allclose(turn_deg.numpy(), one.turn_deg)
    np.testing.assert_allclose(scale.numpy(), one.scale)


def test_the_rate_rises_then_falls_to_nothing():
    recipe = StudentRecipe(steps=1000, warmup=100, learning_rate=1e-3)
    assert learning_rate(0, recipe) == pytest.approx(1e-5)
    assert learning_rate(500, recipe) == pytest.approx(5e-4)
    assert learning_rate(1000, recipe) == pytest.approx(0.0)


def test_the_average_follows_slowly():
    torch.manual_seed(0)
    student, average = Student(CONFIG), Student(CONFIG)
    start, goal = average.relation.null.item(), student.relation.null.item() + 1.0
    student.relation.null.data += 1.0
    averaged(student, average, 0.9)
    assert average.relation.null.item() == pytest.approx(0.9 * start + 0.1 * goal)
