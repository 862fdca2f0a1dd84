"""The ranker without training: beside the network it is the beginning of, and in `locate`."""

from types import SimpleNamespace

import numpy as np
import pytest

from edgegeo import Localizer, RangeError
from edgegeo.building.build import build
from edgegeo.correlation import Correlation, peak
from edgegeo.search import Pool, quantise_rows
from edgegeo.simulation.camera import render
from tests.test_localizer import FOOTPRINT_M, error_m, ground, shots


def smooth(rng, count, side=16, width=32):
    """(count, side^2, width) tokens that differ little from their neighbours, each up to 1 long."""
    noise = rng.standard_normal((count, side + 4, side + 4, width), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(noise, (5, 5), (1, 2))
    tokens = windows.mean((4, 5)).reshape(count, side**2, width)
    return (tokens / np.linalg.norm(tokens, axis=2).max()).astype(np.float32)


def test_a_volume_with_one_peak_by_hand():
    logits = np.full((1, 5, 5), -50.0)
    logits[0, 1, 3] = 2.0  # 1 token north, 1 east
    said = peak(logits, 16)
    assert said["relevance"][0] == pytest.approx(2.0)
    np.testing.assert_allclose(said["offset"], [[1 / 16, 1 / 16]])  # east, north
    assert said["log_variance"][0] == pytest.approx(np.log(1e-5))


def test_two_peaks_next_to_each_other_share():
    logits = np.full((1, 5, 5), -50.0)
    logits[0, 2, 1:3] = 1.0  # at the centre, and one token west of it
    said = peak(logits, 16)
    assert said["relevance"][0] == pytest.approx(1.0 + np.log(2))
    np.testing.assert_allclose(said["offset"], [[-0.5 / 16, 0]], atol=1e-12)
    variance = 0.25 / 2 / 16**2  # half a token each way, over two axes
    assert said["log_variance"][0] == pytest.approx(np.log(variance + 1e-5))


def test_a_far_peak_of_the_same_height_does_not_move_the_place():
    logits = np.full((1, 5, 5), -50.0)
    logits[0, 0, 0] = logits[0, 4, 4] = 1.0
    np.testing.assert_allclose(peak(logits, 16)["offset"], [[-2 / 16, 2 / 16]])


def test_it_says_what_the_untrained_ranker_says():
    """Of the pairs for which both choose the same turn and scale; it may choose better ones."""
    torch = pytest.importorskip("torch")
    from edgegeo.models.encoder import EncoderConfig, moves
    from edgegeo.models.ranker import Ranker
    from edgegeo.models.student import Relation

    rng = np.random.default_rng(0)
    frames, tiles = smooth(rng, 2), smooth(rng, 12)
    tiles[:6] = np.roll(frames[0].reshape(16, 16, 32), (2, -3), (0, 1)).reshape(256, 32)
    tiles[:6] += 0.3 * smooth(rng, 6)
    stored, scales = quantise_rows(tiles)
    supposed = moves(EncoderConfig()).numpy()
    found = SimpleNamespace(
        look=np.array([0] * 9 + [1] * 3),
        move=np.array([13, 13, 13, 4, 22, 0, 13, 26, 4, 13, 4, 22]),
        tile=np.arange(12),
    )
    gallery = SimpleNamespace(tokens=stored, token_scales=scales)
    rows = np.arange(12)[::-1].copy()
    turn_deg = supposed[:, 0].astype(float)
    said = Correlation(Pool(2)).ask(gallery, frames, turn_deg, found, rows)

    ranker = Ranker(Relation(), EncoderConfig()).eval()
    with torch.no_grad():
        answers = ranker(
            torch.from_numpy(frames),
            torch.from_numpy(found.look[rows]),
            torch.from_numpy(found.move[rows]),
            torch.from_numpy(stored[rows] * scales[rows, None, None]),
        )
    names = ("relevance", "offset", "log_variance", "turn", "scale")
    wanted = dict(zip(names, (each.numpy() for each in answers), strict=True))
    assert {name: each.shape for name, each in said.items()} == {
        name: each.shape for name, each in wanted.items()
    }
    same = np.isclose(said["turn"], wanted["turn"], atol=1e-3)
    same &= np.isclose(said["scale"], wanted["scale"])
    assert same.sum() >= 6
    assert np.abs(said["relevance"] - wanted["relevance"])[same].max() < 0.02
    assert np.abs(said["offset"] - wanted["offset"])[same].max() < 0.001
    assert np.abs(said["log_variance"] - wanted["log_variance"])[same].max() < 0.02
    at_zero = (found.move[rows] == 13) & (found.tile[rows] < 6)
    assert (said["turn"][at_zero] == 0).all()
    assert (said["relevance"] > wanted["relevance"] - 1).all()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    out = tmp_path_factory.mktemp("correlation") / "field.edgegeo"
    build([ground(0)], out, footprint_m=FOOTPRINT_M, progress=False)
    return out


def test_it_places_frames_without_the_ranker_network(engine):
    localizer, learned = Localizer(engine, ranking="correlation"), Localizer(engine)
    localizer.calibration = learned.calibration = type(learned.calibration)()  # nothing fitted
    later, errors = ground(1), []
    for number, shot in enumerate(shots(6)):
        frame = render(later, shot, np.random.default_rng(number))
        told = {"heading_deg": shot.heading_deg + 4, "gsd_m": shot.gsd_m}
        found, other = localizer.locate(frame, **told), learned.locate(frame, **told)
        errors.append(error_m(found, shot))
        assert found.candidates[0].found_lat_deg is not None
        # The same search, another judge: not one number of the network's.
        assert sorted(c.retrieval for c in found.candidates) == sorted(
            c.retrieval for c in other.candidates
        )
        assert found.candidates[0].score != other.candidates[0].score
    assert np.median(errors) < 3
    assert sum(error < 8 for error in errors) >= 5


def test_another_way_of_ranking_is_refused(engine):
    with pytest.raises(RangeError, match="ranking must be 'learned' or 'correlation', got 'best'"):
        Localizer(engine, ranking="best")
