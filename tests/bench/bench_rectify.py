"""A frame to network inputs, beside OpenCV and Pillow doing the same: time, and error beside it.

python -m tests.bench.bench_rectify         # prints one Markdown table; needs edgegeo[opencv]
python -m tests.bench.bench_rectify 1       # with one thread only; 1 2 is the default

A 1920 x 1080 frame to 256 x 256, turned by 10 degrees and as many times 42 more as there are
copies. Shrink 4.2 fills the frame's short side, 3.38 is what `locate` takes of it, 6.75 the same
for a network of 128. The error is the rms, in grey levels, beside the mean over each pixel's
exact footprint (16 x 16 points a pixel or more), of one copy: of white noise, the hardest there
is, and of noise as pictures have it (amplitude falls with frequency).

OpenCV: `warpPerspective` (bilinear) and `blobFromImage` a copy, after the whole frame was resized
once. INTER_AREA by the shrink is its way to antialias; by whole numbers it is faster, and halving
twice fastest. Pillow resizes upright boxes only: one copy without a turn.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from edgegeo import _core
from edgegeo.rectify import frame_from_tile
from edgegeo.timing import medians_ms
from tests import reference

SHAPE, REPEATS = (1080, 1920), 25
CASES = [(256, 4.2, 1), (256, 4.2, 4), (256, 3.38, 1), (256, 3.38, 4), (128, 6.75, 4)]
Run = Callable[[], Any]


def resized(frame, by):
    size = round(frame.shape[1] / by), round(frame.shape[0] / by)
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def warped(small, shape_hw, homographies, px):
    """Blobs of the copies, from a frame that was made smaller."""
    across, down = small.shape[1] / shape_hw[1], small.shape[0] / shape_hw[0]
    onto = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])
    flags, blobs = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, []
    for one in homographies:
        tile = cv2.warpPerspective(small, onto @ one, (px, px), flags=flags)
        blobs.append(
            cv2.dnn.blobFromImage(tile, 1 / 63.75, (px, px), (127.5, 127.5, 127.5), swapRB=True)
        )
    return np.concatenate(blobs)


def opencv(frame, homographies, px, *steps):
    small = frame
    for by in steps:
        small = resized(small, by)
    return warped(small, frame.shape, homographies, px)


def pillow(frame, shrink, px):
    from PIL import Image

    half = px * shrink / 2
    middle = frame.shape[1] / 2, frame.shape[0] / 2
    box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
    tile = Image.fromarray(frame).resize((px, px), Image.Resampling.BOX, box)
    return ((np.asarray(tile, np.float32)[..., ::-1] - 127.5) / 63.75).transpose(2, 0, 1)[None]


def noise(rng):
    return rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def picture(rng):
    """Noise whose amplitude falls with the inverse of its frequency, as in photographs."""
    down, across = np.fft.fftfreq(SHAPE[0])[:, None], np.fft.rfftfreq(SHAPE[1])
    falls = 1 / np.maximum(np.hypot(down, across), 1 / SHAPE[1])[..., None]
    waves = np.fft.rfft2(rng.standard_normal((*SHAPE, 3)), axes=(0, 1)) * falls
    values = np.fft.irfft2(waves, SHAPE, axes=(0, 1))
    return np.clip(128 + 40 * values / values.std(), 0, 255).astype(np.uint8)


def copies_of(px, shrink, turns_deg):
    return np.stack([frame_from_tile(SHAPE, px, px, turn, 1 / shrink) for turn in turns_deg])


def contestants(frame, px, shrink, count, pool) -> dict[str, Run]:
    """By name: everything that makes the copies, and one that makes an upright one."""
    copies = copies_of(px, shrink, [10.0 + 42 * i for i in range(count)])
    whole, upright = max(1, int(shrink)), copies_of(px, shrink, [0.0])
    runs: dict[str, Run] = {
        f"edgegeo {target}": partial(_core.rectify, frame, copies, px, target=target, pool=pool)
        for target in _core.TARGETS
    }
    cv = partial(opencv, frame, copies, px)
    runs["OpenCV, warp only (aliases)"] = cv
    runs["OpenCV, INTER_AREA by 2, warp"] = partial(cv, 2)
    runs["OpenCV, INTER_AREA by 2 twice, warp"] = partial(cv, 2, 2)
    runs[f"OpenCV, INTER_AREA by {whole}, warp"] = partial(cv, whole)
    runs["OpenCV, INTER_AREA, warp"] = partial(cv, shrink)
    if count == 1:
        best = _core.TARGETS[-1]
        runs[f"upright: edgegeo {best}"] = partial(
            _core.rectify, frame, upright, px, target=best, pool=pool
        )
        runs["upright: Pillow BOX"] = partial(pillow, frame, shrink, px)
    return runs


def errors(px, shrink) -> dict[str, tuple[float, float]]:
    """By name: rms of noise and of pictures, in grey levels."""
    found: dict[str, list[float]] = {}
    rng, rows = np.random.default_rng(0), range(px * 3 // 8, px * 5 // 8)  # the frame covers them
    for frame in (noise(rng), picture(rng)):
        exact = {}
        for turn in (0.0, 10.0):
            (one,) = copies_of(px, shrink, [turn])
            exact[turn] = reference.footprint_mean(frame.astype(np.float64), one, px, rows)
        for name, run in contestants(frame, px, shrink, 1, None).items():
            blue_first = run()[0, 2::-1, rows.start : rows.stop].transpose(1, 2, 0)
            got = (blue_first * 0.25 + 0.5) * 255
            wanted = exact[0.0 if "upright" in name else 10.0]
            found.setdefault(name, []).append(float(np.sqrt(((got - wanted) ** 2).mean())))
    return {name: (both[0], both[1]) for name, both in found.items()}


def main() -> None:
    threads = [int(each) for each in sys.argv[1:]] or [1, 2]
    frame = noise(np.random.default_rng(0))
    judgements = {case: errors(*case) for case in {case[:2] for case in CASES}}
    print(f"Median of {REPEATS} interleaved runs; OpenCV {cv2.__version__}\n")
    print("| size | shrink | copies | threads | who | ms | times | rms of noise | of pictures |")
    print("|---|---|---|---|---|---|---|---|---|")
    for px, shrink, count in CASES:
        for held in threads:
            cv2.setNumThreads(held)
            runs = contestants(frame, px, shrink, count, _core.Pool(held))
            took = dict(zip(runs, medians_ms(list(runs.values()), REPEATS), strict=True))
            for name, ms in took.items():
                ours = "upright: edgegeo" if name.startswith("upright") else "edgegeo"
                best = took[f"{ours} {_core.TARGETS[-1]}"]
                of_noise, of_pictures = judgements[px, shrink][name]
                print(f"| {px} | {shrink} | {count} | {held} | {name} | {ms:.2f} ", end="")
                print(f"| {ms / best:.1f} | {of_noise:.1f} | {of_pictures:.2f} |", flush=True)


if __name__ == "__main__":
    main()
