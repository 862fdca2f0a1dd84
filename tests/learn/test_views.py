"""Training pairs: frame and tile show the same ground, by the transform that is written down."""

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("rasterio")
torch = pytest.importorskip("torch")

from edgegeo.demo.landscape import landscape  # noqa: E402
from edgegeo.learn import pairs_of_views as views  # noqa: E402
from edgegeo.learn import places  # noqa: E402
from edgegeo.models.relate import turn_and_scale  # noqa: E402


@pytest.fixture(scope="module")
def ground():
    return places.Place("made", 0.5, (landscape(11, 400, 0.5, 0),))


def plain(monkeypatch):
    monkeypatch.setattr(views.augment, "light", lambda image, *_: image)
    monkeypatch.setattr(views.augment, "lens", lambda image, *_: image)
    monkeypatch.setattr(views.augment, "overlay", lambda image, *_: image)


def test_turned_scaled_and_shifted_frames_lie_on_their_tiles(monkeypatch, ground):
    plain(monkeypatch)
    setup = views.Views(tilt_deg=0.0, per_place=1, tile_m=(60.0, 61.0))
    batch = views.draw([[ground]], [1.0], 8, setup, np.random.default_rng(0))
    frames = turn_and_scale(
        torch.tensor(batch.frames), torch.tensor(batch.turn_deg), torch.tensor(batch.scale)
    ).numpy()
    right, wrong = [], []
    for i in range(8):
        dx, dy = np.rint(batch.offsets[i, i] * 128).astype(int)
        for store, (sx, sy) in ((right, (dx, dy)), (wrong, (dx + 20, dy - 20))):
            moved = np.roll(frames[i], (sy, sx), (1, 2))
            both = (moved[3] > 0.9) & (batch.tiles[i, 3] > 0.9)
            both[: abs(sy) + 4] = both[-abs(sy) - 4 :] = False
            both[:, : abs(sx) + 4] = both[:, -abs(sx) - 4 :] = False
            a, b = moved[:3, both].ravel(), batch.tiles[i, :3, both].T.ravel()
            store.append(np.corrcoef(a, b)[0, 1])
    assert np.median(right) > 0.8
    assert np.median(right) > np.median(wrong) + 0.3


def test_offsets_are_those_of_all_tiles_of_the_place(ground):
    setup = views.Views(per_place=4)
    batch = views.draw([[ground, ground]], [1.0], 8, setup, np.random.default_rng(1))
    assert batch.same.sum() == 2 * 4 * 4
    # offset(i, j) = frame i - tile j: differences along a row do not depend on the frame
    first = batch.offsets[:4, :4]
    np.testing.assert_allclose(
        first[0] - first[0, :1], first[3] - first[3, :1], rtol=1e-4, atol=1e-5
    )


def test_the_same_seed_draws_the_same_pairs(ground):
    draws = [
        views.draw([[ground]], [1.0], 6, views.Views(), np.random.default_rng(3)) for _ in range(2)
    ]
    np.testing.assert_array_equal(draws[0].frames, draws[1].frames)


def test_what_the_camera_does_not_show_is_masked(ground):
    batch = views.draw([[ground]], [1.0], 30, views.Views(), np.random.default_rng(4))
    hidden = batch.frames[:, 3] == 0
    assert 0.02 < hidden.mean() < 0.4
    assert np.abs(batch.frames[:, :3].transpose(0, 2, 3, 1)[hidden]).max() == 0


def test_an_empty_city_folder_is_explained(tmp_path):
    with pytest.raises(places.DataError, match="naip"):
        places.naip(tmp_path)
