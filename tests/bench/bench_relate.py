"""How long it takes to find how a frame's token grid lies on K candidates, and how often rightly.

python -m tests.bench.bench_relate          # prints one Markdown table; needs edgegeo[train]

Each goes from the frame's float32 tokens and the stored int8 ones to the best turn, scale and shift
of each candidate, so turning, dequantising and choosing count for all. The ground is made: smooth
random features, of which the frame shows a turned and noisy part and every other candidate a part
that overlaps with it. "the same" is the share of those candidates with the same copy and shift as
a full search in float32, and "loses" the mean difference of the score. Real ground is less kind:
see relate.KEEP.
"""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch.nn import functional as F

from edgegeo import relate
from edgegeo.models.ranker import sampling_table, shift_table, with_zero
from edgegeo.models.relate import correlate, grids
from edgegeo.search import Pool, quantise_rows
from edgegeo.timing import medians_ms

K, ROWS, POWER, REPEATS, REST_S = 32, 256, 0.5, 9, 0.005
SCALES = (0.8, 0.89, 1.0, 1.12, 1.25)
SIZES = [  # side, width, turns, reach
    (14, 128, (-18.0, -12.0, -6.0, 0.0, 6.0, 12.0, 18.0), 3),
    (16, 32, (-6.0, 0.0, 6.0), 6),
]
Best = tuple[np.ndarray, np.ndarray]  # copy (k,), shift (k, 2)


class Scene:
    """A frame, the stored tokens of candidates, and what each contestant needs besides."""

    def __init__(self, side: int, width: int, turns: tuple[float, ...], reach: int) -> None:
        rng = np.random.default_rng(side)
        self.side, self.width, self.reach = side, width, reach
        self.transforms = [*itertools.product(turns, SCALES)]
        self.turns_deg, self.scales = zip(*self.transforms, strict=True)
        noise = torch.from_numpy(rng.standard_normal((1, width, 96, 96), dtype=np.float32))
        ground = F.avg_pool2d(noise, 7, 1)[0].permute(1, 2, 0).numpy()  # features of 7 tokens
        ground /= np.abs(ground).max()

        def cut(south: int, east: int) -> np.ndarray:
            part = ground[south : south + side, east : east + side]
            return part.reshape(side * side, width)

        middle = torch.from_numpy(cut(40, 40).copy())[None]
        seen = sampling_table([(-5.0, 0.95)], side)  # between two of the turns and scales
        frame = F.grid_sample(grids(middle), seen, align_corners=False).flatten(2).mT.numpy()
        self.frame = frame + 0.1 * rng.standard_normal(frame.shape, dtype=np.float32)
        shifts = rng.integers(-reach, reach + 1, (ROWS, 2))
        away = rng.integers(0, 20, (ROWS, 2))
        tiles = [cut(*(40 + at)) if i % 2 else cut(*from_) for i, (at, from_) in
                 enumerate(zip(shifts, away, strict=True))]  # fmt: skip
        self.stored, self.units = quantise_rows(np.stack(tiles).astype(np.float32))
        self.ids = np.arange(K, dtype=np.int32)
        self.table = sampling_table(self.transforms, side)
        self.shifted = shift_table(side, reach).flatten()

    def edgegeo(self, keep: int | None, pool: Pool) -> Best:
        queries = relate.turned(self.frame, self.turns_deg, self.scales, pool=pool)
        of = np.zeros(K, np.int32)
        found = relate.relate(
            queries, of, self.stored, self.units, self.ids, reach=self.reach, power=POWER,
            keep=keep, pool=pool,
        )  # fmt: skip
        return found.copy, found.shift

    def inputs(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Copies (w, c, g, g) and candidates (k, c, g, g)."""
        rows = torch.from_numpy(self.ids)
        stored = (
            torch.from_numpy(self.stored)[rows] * torch.from_numpy(self.units)[rows, None, None]
        )
        repeated = grids(torch.from_numpy(self.frame)).expand(len(self.table), -1, -1, -1)
        return F.grid_sample(repeated, self.table, align_corners=False), grids(stored)

    def torch_conv(self) -> Best:
        queries, candidates = self.inputs()
        cosine, overlap = correlate(queries, candidates, self.reach)
        return self.chosen((cosine * (overlap + 1e-4).pow(POWER)).transpose(0, 1))

    def torch_matmul(self) -> Best:
        """One batched product with every shift of every candidate laid out."""
        queries, candidates = (each.flatten(2).mT for each in self.inputs())  # (w | k, t, c)
        k, t, c = candidates.shape
        laid = with_zero(candidates)[:, self.shifted].reshape(k, -1, t * c)  # (k, s * s, t * c)
        numerator = queries.reshape(1, -1, t * c).expand(k, -1, -1) @ laid.mT
        lengths, ours = candidates.norm(dim=2), queries.norm(dim=2)
        laid_lengths = with_zero(lengths[..., None])[:, self.shifted].reshape(k, -1, t)
        denominator = ours.expand(k, -1, -1) @ laid_lengths.mT
        size = lengths.square().sum(1)[:, None] * ours.square().sum(1)
        overlap = (denominator / (size.sqrt()[..., None] + 1e-3)).clamp(0, 1)
        return self.chosen(numerator / (denominator + 1e-3) * (overlap + 1e-4).pow(POWER))

    def chosen(self, scores: torch.Tensor) -> Best:
        """scores (k, w, ...) of all shifts."""
        s = 2 * self.reach + 1
        best = scores.flatten(1).argmax(1).numpy()
        return best // s**2, np.stack([best % s**2 // s, best % s], 1) - self.reach

    def onnx(self, threads: int) -> Callable[[], Best]:
        """Two convolutions, tokens and lengths, with the copies as weights."""
        pads = [self.reach] * 4
        nodes = [
            helper.make_node("Conv", ["candidates", "queries"], ["numerator"], pads=pads),
            helper.make_node("Conv", ["lengths", "ours"], ["denominator"], pads=pads),
        ]
        names = ("candidates", "queries", "lengths", "ours")
        given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 4) for n in names]
        out = [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, [None] * 4)
            for n in ("numerator", "denominator")
        ]
        graph = helper.make_graph(nodes, "relate", given, out)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)

        def run() -> Best:
            queries, candidates = self.inputs()
            lengths, ours = (x.norm(dim=1, keepdim=True) for x in (candidates, queries))
            feed = dict(zip(names, (candidates, queries, lengths, ours), strict=True))
            found = session.run(None, {name: x.numpy() for name, x in feed.items()})
            numerator, denominator = map(torch.from_numpy, found)
            size = lengths.square().sum((1, 2, 3))[:, None] * ours.square().sum((1, 2, 3))
            overlap = (denominator / (size.sqrt()[..., None, None] + 1e-3)).clamp(0, 1)
            return self.chosen(numerator / (denominator + 1e-3) * (overlap + 1e-4).pow(POWER))

        return run

    def scores(self, best: Best) -> np.ndarray:
        """Of what was chosen, in float32."""
        cosine, overlap = correlate(*self.inputs(), self.reach)
        every = (cosine * (overlap + 1e-4).pow(POWER)).numpy()
        copy, shift = best
        south, east = (shift + self.reach).T
        return every[copy, self.ids, south, east]


@torch.no_grad()
def report(size: tuple[int, int, tuple[float, ...], int], threads: int) -> None:
    torch.set_num_threads(threads)
    scene, pool = Scene(*size), Pool(threads)
    runs: dict[str, Callable[[], Best]] = {
        f"edgegeo, as shipped (keep={relate.KEEP})": partial(scene.edgegeo, relate.KEEP, pool),
        "edgegeo, every copy at every shift": partial(scene.edgegeo, None, pool),
        "torch, one batched matrix product": scene.torch_matmul,
        "torch, convolution": scene.torch_conv,
        "ONNX Runtime, convolution": scene.onnx(threads),
    }
    exact = scene.torch_conv()
    overlapping = scene.ids % 2 == 1
    ms = medians_ms([*runs.values()], REPEATS, REST_S)
    for (name, run), each in zip(runs.items(), ms, strict=True):
        found = run()
        same = (found[0] == exact[0]) & (found[1] == exact[1]).all(1)
        loss = (scene.scores(exact) - scene.scores(found))[overlapping].mean()
        print(f"| {scene.side} x {scene.side} x {scene.width}, {len(scene.table)} copies, ", end="")
        print(f"{(2 * scene.reach + 1) ** 2} shifts | {threads} | {name} | {each:.1f} ", end="")
        print(f"| {each / ms[0]:.1f} | {same[overlapping].mean():.2f} | {loss:.4f} |")


def main() -> None:
    print(f"K = {K}, median of {REPEATS}, interleaved\n")
    print("| tokens | threads | who | ms | times edgegeo | the same | loses |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        for threads in (1, 2):
            report(size, threads)


if __name__ == "__main__":
    main()
