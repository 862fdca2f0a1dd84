"""The limit that the benches name: every byte is read, by each number of threads."""

import numpy as np
import pytest

from tests.bench.reading import reader


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_all_words_are_summed(threads):
    read = reader()
    if read is None:
        pytest.skip("no C++ compiler")
    words = np.random.default_rng(0).integers(0, 2**63, 3 * 64 * 100, np.uint64)
    assert read(words, threads) == int(words.sum(dtype=np.uint64))
