"""rectify against NumPy, on every target this machine can run."""

import numpy as np
import pytest

from edgegeo import _core
from tests import reference
from tests.kernels.other_thread import progress_elsewhere

every_target = pytest.mark.parametrize("target", _core.TARGETS)
BOUND = 0.004  # in rectify.h


def similarity(shape_hw, size, shrink, turn_deg=0.0, shift_px=(0.0, 0.0)):
    """Tile pixel -> frame pixel about both centres, shrunk and turned."""
    cos, sin = shrink * np.cos(np.radians(turn_deg)), shrink * np.sin(np.radians(turn_deg))
    middle = (size - 1) / 2
    x = (shape_hw[1] - 1) / 2 + shift_px[0] - cos * middle + sin * middle
    y = (shape_hw[0] - 1) / 2 + shift_px[1] - sin * middle - cos * middle
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])


def noise(h, w, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), dtype=np.uint8)


def grey(out):
    """Back from normalised values to 0..255."""
    return (out[:, :3] * 0.25 + 0.5) * 255


def check(frame, homographies, size, target, bgr=True):
    out = _core.rectify(frame, homographies, size, bgr, target)
    expected = reference.rectify(frame, homographies, size, bgr)
    np.testing.assert_allclose(out[:, 3], expected[:, 3], atol=1e-6)
    np.testing.assert_allclose(out, expected, atol=BOUND)


@every_target
@pytest.mark.parametrize("shrink", [0.3, 1.0, 1.7, 3.1, 3.6, 7.3, 12.9])
@pytest.mark.parametrize("size", [1, 5, 16, 17, 33, 50])
def test_turned_copies_match_the_reference(target, shrink, size):
    shape = (max(16, int(size * shrink * 1.1)), max(16, int(size * shrink * 1.6)) + 3)
    copies = [similarity(shape, size, shrink * f, a) for f, a in ((1, 0), (1.07, 10), (1.1, 137))]
    check(noise(*shape), np.stack(copies), size, target)


@every_target
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (16, 16), (37, 53)])
def test_awkward_frames_match_the_reference(target, shape):
    copies = [similarity(shape, 20, s, 30, (1.3, -2.1)) for s in (0.9, 2.6)]
    check(noise(*shape), np.stack(copies), 20, target)


@every_target
def test_a_projective_warp_matches_the_reference(target):
    homography = similarity((200, 300), 40, 4.3, 20)
    homography[2] = (0.004, -0.003, 1)
    check(noise(200, 300), homography[None], 40, target)
    check(noise(200, 300), 3.7 * homography[None], 40, target)  # the same map


@every_target
@pytest.mark.parametrize("bgr", [True, False])
def test_channels_and_normalisation(target, bgr):
    frame = np.empty((64, 64, 3), np.uint8)
    frame[:] = (10, 120, 255) if bgr else (255, 120, 10)
    out = _core.rectify(frame, similarity((64, 64), 16, 4.0)[None], 16, bgr, target)[0]
    for plane, value in zip(out[:3], (255, 120, 10), strict=True):
        np.testing.assert_allclose(plane, (value / 255 - 0.5) / 0.25, atol=1e-4)
    assert (out[3] == 1).all()


@every_target
def test_the_identity_returns_the_pixels(target):
    frame = noise(48, 48)
    out = _core.rectify(frame, np.eye(3)[None], 48, False, target)
    np.testing.assert_allclose(grey(out)[0], frame.transpose(2, 0, 1), atol=0.01)
    assert (out[:, 3] == 1).all()


@every_target
def test_coverage_is_the_share_of_a_pixel_that_the_frame_covers(target):
    frame = np.full((32, 32, 3), 200, np.uint8)
    # four frame pixels a tile pixel; the tile starts 6 frame pixels left of the frame
    homography = np.array([[4.0, 0, 1.5 - 6], [0, 4.0, 1.5], [0, 0, 1]])
    out = _core.rectify(frame, homography[None], 16, True, target)[0]
    np.testing.assert_allclose(out[3, 0, :10], [0, 0.5, *[1] * 7, 0.5], atol=1e-6)
    assert (out[3, :, 10:] == 0).all()
    assert (out[3, 8:] == 0).all()
    assert (out[:3, :, 10:] == 0).all()
    covered = out[3] > 0  # the part of a pixel outside the frame does not darken it
    np.testing.assert_allclose(out[:3, covered], (200 / 255 - 0.5) / 0.25, atol=1e-4)


@every_target
@pytest.mark.parametrize("stripes", ["checkerboard", "columns", "rows"])
@pytest.mark.parametrize("turn_deg", [0.0, 30.0, 45.0])
def test_a_4k_frame_shrunk_16_times_does_not_alias(target, stripes, turn_deg):
    y, x = np.mgrid[0:2160, 0:3840]
    pattern = {"checkerboard": (x + y) % 2, "columns": x % 2, "rows": y % 2}[stripes]
    frame = np.repeat((255 * pattern).astype(np.uint8)[:, :, None], 3, axis=2)
    homography = similarity(frame.shape, 128, 16.0, turn_deg)

    out = _core.rectify(frame, homography[None], 128, True, target)

    inside = out[:, 3] == 1
    values = grey(out)[:, 0][inside]
    assert inside.mean() > 0.8
    assert abs(values.mean() - 127.5) < 1
    assert values.std() < 3
    u, v = np.meshgrid(np.arange(128), np.arange(128))
    at = np.einsum("ij,j...->i...", homography, np.stack([u, v, np.ones_like(u)]))
    row, col = np.clip(np.rint(at[1::-1]), 0, [[[2159]], [[3839]]]).astype(int)
    assert frame[row, col, 0].std() > 50 or turn_deg == 0  # what naive sampling would give


@every_target
def test_no_period_aliases_more_than_an_exact_area_average(target):
    """Sine waves shrunk by a factor that is no integer; a box lets 0.217 of its side lobe by."""
    x = np.arange(1200)
    for period_px in np.geomspace(2.1, 13.0, 25):
        wave = 127.5 + 127 * np.sin(2 * np.pi * x / period_px)
        frame = np.broadcast_to(np.rint(wave).astype(np.uint8)[None, :, None], (600, 1200, 3))
        homography = similarity((600, 1200), 32, 13.4)
        out = _core.rectify(np.ascontiguousarray(frame), homography[None], 32, True, target)
        assert grey(out).std() < 0.217 * wave.std(), period_px


@every_target
def test_close_to_the_exact_area_average(target):
    """Smooth noise shrunk 6 times: cells, taps and bilinear weights add little blur."""
    rng = np.random.default_rng(5)
    coarse = rng.random((27, 27))
    at = np.linspace(0, 26, 240)
    fine = reference.bilinear(coarse[..., None], *np.meshgrid(at, at))[..., 0]
    frame = np.repeat(np.rint(255 * fine).astype(np.uint8)[..., None], 3, axis=2)
    exact = frame[..., 0].reshape(40, 6, 40, 6).mean(axis=(1, 3))
    homography = np.array([[6.0, 0, 2.5], [0, 6.0, 2.5], [0, 0, 1]])
    out = grey(_core.rectify(frame, homography[None], 40, True, target))[0, 0]
    assert np.abs(out - exact)[1:-1, 1:-1].mean() < 4


@every_target
@pytest.mark.parametrize(
    "homography",
    [
        np.zeros((3, 3)),
        np.full((3, 3), np.nan),
        np.full((3, 3), 1e308),
        np.diag([1.0, 1.0, -1.0]),
        np.diag([np.inf, 1.0, 1.0]),
        np.array([[1.0, 0, 1e300], [0, 1, 0], [0, 0, 1]]),
        np.array([[1.0, 0, 0], [0, 1, 0], [-0.2, 0, 1]]),  # the horizon crosses the tile
        np.array([[1e-300, 0, 5], [0, 1e-300, 5], [0, 0, 1]]),
    ],
)
def test_any_homography_is_safe(target, homography):
    out = _core.rectify(noise(30, 40), np.stack([np.eye(3), homography]), 20, True, target)
    assert np.isfinite(out).all()
    assert ((out[:, 3] >= 0) & (out[:, 3] <= 1)).all()
    assert (out[:, :3][np.broadcast_to(out[:, 3:] == 0, (2, 3, 20, 20))] == 0).all()
    assert np.abs(out[:, :3]).max() <= 2.001


@every_target
def test_a_copy_does_not_depend_on_the_others(target):
    """Three shrinks, of which two share the averaged frame, and a copy that sees nothing."""
    frame, size = noise(300, 400), 48
    copies = [similarity((300, 400), size, s, a) for s, a in ((3.9, 5), (4.0, 50), (7.1, 5))]
    copies.append(similarity((300, 400), size, 3.9, 5, (9000.0, 0.0)))
    together = _core.rectify(frame, np.stack(copies), size, True, target)
    for one, copy in zip(together, copies, strict=True):
        alone = _core.rectify(frame, copy[None], size, True, target)[0]
        np.testing.assert_allclose(one, alone, atol=1e-4)
    assert (together[3] == 0).all()


@every_target
@pytest.mark.parametrize("shrink", [0.7, 3.7])
def test_half_precision_is_the_float_rounded(target, shrink):
    frame, copies = noise(90, 120), similarity((90, 120), 33, shrink, 20)[None]
    half = _core.rectify(frame, copies, 33, True, target, half=True)
    assert half.dtype == np.float16
    wanted = _core.rectify(frame, copies, 33, True, target).astype(np.float16)
    np.testing.assert_array_equal(half, wanted)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shrink", [0.8, 2.7, 4.1, 40.0])
def test_threads_change_nothing(threads, shrink):
    frame = noise(331, 417)
    copies = np.stack([similarity((331, 417), 77, shrink, a) for a in (3, 51)])
    alone = _core.rectify(frame, copies, 77)
    together = _core.rectify(frame, copies, 77, pool=_core.Pool(threads))
    np.testing.assert_array_equal(together, alone)


@every_target
def test_no_copies_give_an_empty_batch(target):
    out = _core.rectify(noise(16, 16), np.zeros((0, 3, 3)), 8, True, target)
    assert out.shape == (0, 4, 8, 8)


def test_targets_agree_on_coverage_exactly_and_closely_on_colour():
    frame = noise(240, 320)
    copies = np.stack([similarity((240, 320), 64, 3.3, a) for a in (0, 11, 45)])
    first, *others = (_core.rectify(frame, copies, 64, True, t) for t in _core.TARGETS)
    for other in others:
        np.testing.assert_array_equal(other[:, 3], first[:, 3])
        np.testing.assert_allclose(other, first, atol=BOUND)


def test_a_read_only_frame_is_read_in_place():
    frame = noise(20, 20)
    frame.flags.writeable = False
    assert _core.rectify(frame, np.eye(3)[None], 16).shape == (1, 4, 16, 16)


def test_wrong_dtype_or_layout_is_refused_not_copied():
    frame, eye = noise(20, 20), np.eye(3)[None]
    for args in (
        (frame.astype(np.float32), eye),
        (frame.astype(np.int8), eye),
        (frame[:, ::2], eye),
        (frame[:, :, ::-1], eye),
        (frame.tolist(), eye),
        (frame, eye.astype(np.float32)),
        (frame, eye.transpose(0, 2, 1).repeat(2, 0)[:, :, ::-1]),
        (None, eye),
    ):
        with pytest.raises(TypeError):
            _core.rectify(*args, 16)


def test_wrong_shapes_and_sizes_are_refused():
    frame, eye = noise(20, 20), np.eye(3)[None]
    for args in (
        (frame[:, :, 0].copy(), eye, 16),
        (frame[:, :, :2].copy(), eye, 16),
        (frame[:0], eye, 16),
        (frame, eye[0], 16),
        (frame, np.zeros((1, 2, 3)), 16),
        (frame, eye, 0),
        (frame, eye, 5000),
    ):
        with pytest.raises(ValueError, match=r".+"):
            _core.rectify(*args)


def test_other_threads_run_meanwhile():
    frame, eye = noise(400, 400), np.eye(3)[None].repeat(4, 0)
    assert progress_elsewhere(lambda: _core.rectify(frame, eye, 256, True, "scalar"))
