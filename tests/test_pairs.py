"""The pairs wrapper: what it explains before the kernel is asked."""

import numpy as np
import pytest

from edgegeo import pairs
from edgegeo.errors import ShapeError
from edgegeo.search import Pool

TOKENS = np.arange(-6, 6, dtype=np.int8).reshape(3, 2, 2)
SCALES = np.array([1.0, 2.0, 0.5], np.float32)
IDS = np.array([2, 2, 0], np.int32)


def test_rows_in_the_order_of_ids_by_hand():
    batch = pairs.gather(TOKENS, SCALES, IDS)
    assert batch.dtype == np.float32
    assert batch.tolist() == [
        [[1.0, 1.5], [2.0, 2.5]],
        [[1.0, 1.5], [2.0, 2.5]],
        [[-6.0, -5.0], [-4.0, -3.0]],
    ]


def test_a_given_array_is_filled_and_returned():
    out = np.zeros((3, 2, 2), np.float32)
    assert pairs.gather(TOKENS, SCALES, IDS, out=out) is out
    assert out[2, 0, 0] == -6


def test_the_padding_of_a_search_is_an_index_error():
    with pytest.raises(IndexError, match="-1"):
        pairs.gather(TOKENS, SCALES, np.array([0, -1], np.int32))


def test_halves_on_several_threads():
    out = np.zeros((3, 2, 2), np.float16)
    batch = pairs.gather(TOKENS, SCALES, IDS, dtype=np.float16, out=out, pool=Pool(2))
    assert batch is out
    assert batch.tolist() == pairs.gather(TOKENS, SCALES, IDS).tolist()


def test_prefetching_says_what_is_wrong():
    pairs.prefetch(TOKENS, IDS)
    with pytest.raises(ShapeError, match="ids"):
        pairs.prefetch(TOKENS, IDS.astype(np.int64))
    with pytest.raises(ShapeError, match="tokens"):
        pairs.prefetch(TOKENS[0], IDS)
    with pytest.raises(IndexError):
        pairs.prefetch(TOKENS, np.array([3], np.int32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": TOKENS.astype(np.float32)}, "tokens"),
        ({"tokens": TOKENS[0]}, "tokens"),
        ({"scales": SCALES[:2]}, r"scales must be \(3,\)"),
        ({"scales": SCALES.astype(float)}, "scales"),
        ({"ids": IDS.astype(np.int64)}, "ids"),
        ({"ids": IDS[None]}, "ids"),
        ({"out": np.zeros((2, 2, 2), np.float32)}, "out"),
        ({"out": np.zeros((3, 2, 2))}, "out"),
        ({"out": np.zeros((3, 2, 2), np.float32), "dtype": np.float16}, "out"),
        ({"dtype": np.float64}, "dtype must be float32 or float16"),
    ],
)
def test_shapes_are_explained(change, message):
    with pytest.raises(ShapeError, match=message):
        pairs.gather(**{"tokens": TOKENS, "scales": SCALES, "ids": IDS, **change})


def test_a_sliced_token_table_is_refused_not_copied():
    with pytest.raises(TypeError, match="contiguous"):
        pairs.gather(TOKENS[:, :, ::-1], SCALES, IDS)
