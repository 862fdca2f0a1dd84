"""The ranker as it flies: K candidates' stored tokens against a frame's, coarse to fine."""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edgegeo.correlation import SCALES, TURNS_DEG
from edgegeo.models.encoder import EncoderConfig, turns
from edgegeo.models.relate import grids
from edgegeo.models.student import REACH, Relation

SHIFTS = 9  # of the encoder's embeddings, for each of its turns


class Ranker(nn.Module):
    """Relate each candidate to one crop of the frame.

    At half resolution every turn and scale is tried over all shifts; at full resolution only
    the best of them. The same sums as `models.relate.correlate`, pair by pair, as gathers and
    matrix products that ONNX Runtime and TensorRT run well.

    forward(query_tokens (r, t, c), copy (k,) int64, move (k,) int64, candidate_tokens (k, t, c)):
             pair i is query copy[i] and candidate i, found by the encoder's embedding move[i]
    returns  relevance (k,)      log-odds of the crop's centre lying on this tile
             offset (k, 2)       crop centre minus tile centre, (east, north) in tile sides
             log_variance (k,)   of that offset, each axis, tile sides squared
             turn (k,)           degrees the heading is more than was said
             scale (k,)          how many times larger the ground is than was said

    `products` is the type of the full-resolution products and of what is gathered from them:
    float32, or float16. The choice at half resolution is float32 either way: in float16 a rare
    pair got another turn, and another relevance.
    """

    def __init__(
        self, relation: Relation, config: EncoderConfig, products: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        grid = config.grid
        self.relation, self.grid, self.products = relation, grid, products
        self.judge = Judge(relation, grid)
        self.bases = len(turns(config))
        transforms = [
            (float(base) + turn, scale)
            for base in turns(config)
            for turn, scale in itertools.product(TURNS_DEG, SCALES)
        ]
        self.transforms = nn.Buffer(torch.tensor(transforms), persistent=False)  # (bases * w, 2)
        self.table = nn.Buffer(sampling_table(transforms, grid), persistent=False)
        self.coarse = nn.Buffer(shift_table(grid // 2, REACH // 2), persistent=False)
        self.fine = nn.Buffer(shift_table(grid, REACH), persistent=False)

    def forward(
        self, query_tokens: Tensor, copy: Tensor, move: Tensor, candidate_tokens: Tensor
    ) -> tuple[Tensor, ...]:
        cosine, overlap, best = self.volumes(query_tokens, copy, move, candidate_tokens)
        turn, scale = self.transforms[best].unbind(1)
        return *self.judge(cosine, overlap), turn, scale

    def volumes(
        self, query_tokens: Tensor, copy: Tensor, move: Tensor, candidate_tokens: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What the relation judges: cosine and overlap (k, s, s) at the best turn and scale, and
        which of `transforms` (k,) that is."""
        queries, candidates = grids(query_tokens), grids(candidate_tokens)
        best = self.best_transform(queries, copy, move, candidates)
        turned = F.grid_sample(queries[copy], self.table[best], align_corners=False)
        return *self.fine_volume(turned, candidates), best

    def best_transform(
        self, queries: Tensor, copy: Tensor, move: Tensor, candidates: Tensor
    ) -> Tensor:
        """Index of the turn and scale under which each candidate fits best, at half resolution."""
        every, (r, c) = len(self.table), queries.shape[:2]
        count = every // self.bases
        repeated = queries[:, None].expand(-1, every, -1, -1, -1).flatten(0, 1)
        table = self.table[None].expand(r, -1, -1, -1, -1).flatten(0, 1)
        halves: Tensor = F.avg_pool2d(F.grid_sample(repeated, table, align_corners=False), 2)
        halves = halves.flatten(2).transpose(1, 2).reshape(r * self.bases, count, -1, c)
        base = move // SHIFTS
        turned = halves[copy * self.bases + base]  # (k, w, t, c)
        tokens = F.avg_pool2d(candidates, 2).flatten(2).transpose(1, 2)  # (k, t, c)
        k, t = tokens.shape[:2]
        shifted = with_zero(tokens)[:, self.coarse.flatten()]  # (k, s * t, c)
        numerator = turned.reshape(k, count, t * c) @ shifted.reshape(k, -1, t * c).transpose(1, 2)
        norms = with_zero(tokens.norm(dim=2)[..., None])[:, self.coarse.flatten()]
        query_norms = turned.norm(dim=3)
        denominator = query_norms @ norms.reshape(k, -1, t).transpose(1, 2)
        size = query_norms.square().sum(2) * tokens.square().sum((1, 2))[:, None]
        overlap = denominator / (size.sqrt()[..., None] + 1e-3)
        score = numerator / (denominator + 1e-3) * (overlap + 1e-4).pow(self.relation.power)
        best: Tensor = score.amax(2).argmax(1)
        return base * count + best

    def fine_volume(self, turned: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted mean cosine and overlap of each pair over all shifts, (k, s, s) both."""
        queries, tokens = (
            turned.flatten(2).transpose(1, 2),
            candidates.flatten(2),
        )  # (k,t,c), (k,c,t)
        k, t = queries.shape[:2]
        # (k, t, t): every query token with every tile token
        products = queries.to(self.products) @ tokens.to(self.products)
        norms, query_norms = tokens.norm(dim=1), queries.norm(dim=2)
        # Pairs last, so that a gather moves whole rows.
        first = torch.arange(t, device=turned.device)[None] * (t + 1)
        sides = with_zero(products.transpose(1, 2)).transpose(1, 2).flatten(1).T  # (t * (t+1), k)
        numerator = sides[(first + self.fine).flatten()].reshape(-1, t, k).float().sum(1)
        shifted = with_zero(norms[..., None])[..., 0].T[self.fine.flatten()].reshape(-1, t, k)
        denominator = (shifted * query_norms.T).sum(1)
        size = query_norms.square().sum(1) * norms.square().sum(1)
        cosine, overlap = numerator / (denominator + 1e-3), denominator / (size.sqrt() + 1e-3)
        side = 2 * REACH + 1
        return cosine.T.reshape(k, side, side), overlap.clamp(0, 1).T.reshape(k, side, side)


class Judge(nn.Module):
    """What is left of the ranker where the kernel `relate` makes the volumes.

    forward(cosine (k, s, s), overlap (k, s, s)), s = 2 * REACH + 1: as `Ranker.volumes`
    returns  relevance (k,), offset (k, 2), log_variance (k,): as the Ranker's
    """

    def __init__(self, relation: Relation, grid: int) -> None:
        super().__init__()
        self.relation, self.grid = relation, grid

    def forward(self, cosine: Tensor, overlap: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits = self.relation(cosine, overlap).flatten(1)
        return torch.logsumexp(logits, 1), *peak(logits, self.grid)


def peak(logits: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """Where a volume of log-odds has its peak, and how narrow it is.

    logits   (k, s * s) over shifts in tokens, s = 2 * REACH + 1; grid tokens a tile is wide
    returns  offset (k, 2) as (east, north) and log_variance (k,), in tile sides, as `Ranker`'s
    """
    shifts = torch.arange(-REACH, REACH + 1, device=logits.device).float()
    places = torch.stack(torch.meshgrid(shifts, shifts, indexing="ij"), -1).flatten(0, 1)
    best = places[logits.argmax(1)]
    near = (places[None] - best[:, None]).abs().amax(2) <= 1
    p = torch.softmax(logits.masked_fill(~near, -1e4), 1)
    mean = p @ places  # (k, 2) as (south, east)
    spread = (p * (places[None] - mean[:, None]).square().sum(2)).sum(1) / 2
    offset = torch.stack([mean[:, 1], -mean[:, 0]], 1) / grid
    return offset, torch.log(spread / grid**2 + 1e-5)


def with_zero(rows: Tensor) -> Tensor:
    """Append the row that stands for "outside the grid"."""
    return F.pad(rows, (0, 0, 0, 1))


def shift_table(grid: int, reach: int) -> Tensor:
    """(s^2, t) int64: the tile token under each query token at each shift; t means outside."""
    shifts = torch.arange(-reach, reach + 1)
    south, east = torch.meshgrid(shifts, shifts, indexing="ij")
    cells = torch.arange(grid)
    y, x = torch.meshgrid(cells, cells, indexing="ij")
    ty = y.flatten()[None] + south.flatten()[:, None]
    tx = x.flatten()[None] + east.flatten()[:, None]
    inside = (ty >= 0) & (ty < grid) & (tx >= 0) & (tx < grid)
    return torch.where(inside, ty * grid + tx, grid * grid)


def sampling_table(transforms: list[tuple[float, float]], grid: int) -> Tensor:
    """(w, g, g, 2) positions for grid_sample, one map for each turn in degrees and scale."""
    maps = []
    for turn_deg, scale in transforms:
        angle = torch.deg2rad(torch.tensor(turn_deg))
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        maps.append(torch.tensor([[cos, sin, 0.0], [-sin, cos, 0.0]]))
    return F.affine_grid(torch.stack(maps), [len(maps), 1, grid, grid], align_corners=False)
