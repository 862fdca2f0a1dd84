"""How long a frame takes to become three network inputs, beside OpenCV doing the same warps.

python -m tests.bench.bench_rectify         # prints one Markdown table; needs edgegeo[opencv]

OpenCV: warpPerspective (bilinear) and blobFromImage per copy, on one thread. It reads four
pixels of every footprint and so aliases; INTER_AREA first resizes the whole frame.
"""

from functools import partial

import cv2
import numpy as np

from edgegeo import _core
from edgegeo.rectify import frame_from_tile
from edgegeo.timing import medians_ms
from tests import reference

PX, HEADINGS_DEG, REPEATS = 128, (80.0, 90.0, 100.0), 15
FRAMES = [(480, 852, 3.0), (1080, 1920, 6.75), (2160, 3840, 13.0)]  # height, width, shrink


def warp_only(frame, homographies) -> None:
    for one in homographies:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        tile = cv2.warpPerspective(frame, one, (PX, PX), flags=flags)
        cv2.dnn.blobFromImage(tile, 1 / 63.75, (PX, PX), (127.5, 127.5, 127.5), swapRB=True)


def area_then_warp(frame, homographies, shrink) -> None:
    small = cv2.resize(frame, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    warp_only(small, np.diag([1 / shrink, 1 / shrink, 1]) @ homographies)


def main() -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    print(f"{len(HEADINGS_DEG)} copies of {PX} x {PX}, one thread, median of {REPEATS}; ", end="")
    print("error of a normalised value against float64\n")
    print("| frame | shrink | who | ms | largest error |\n|---|---|---|---|---|")
    for h, w, shrink in FRAMES:
        frame = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
        copies = [frame_from_tile((h, w), PX, PX, angle, 1 / shrink) for angle in HEADINGS_DEG]
        report(frame, np.stack(copies), shrink)


def report(frame, homographies, shrink) -> None:
    ours = [partial(_core.rectify, frame, homographies, PX, True, t) for t in _core.TARGETS]
    theirs = [
        partial(warp_only, frame, homographies),
        partial(area_then_warp, frame, homographies, shrink),
    ]
    names = [*_core.TARGETS, "OpenCV, warp only (aliases)", "OpenCV, INTER_AREA + warp"]
    exact = reference.rectify(frame, homographies, PX)
    for i, ms in enumerate(medians_ms([*ours, *theirs], REPEATS)):
        error = f"{np.abs(ours[i]() - exact).max():.1e}" if i < len(ours) else "-"
        size = f"{frame.shape[1]} x {frame.shape[0]}"
        print(f"| {size} | {shrink} | {names[i]} | {ms:.2f} | {error} |")


if __name__ == "__main__":
    main()
