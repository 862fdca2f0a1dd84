"""The counts of the roofline, on networks small enough to count by hand."""

import numpy as np
import pytest

from tests.bench.roofline import Board, Work, count
from tests.tiny_model import write_model


def test_operations_of_a_convolution_and_a_product(tmp_path):
    folder = write_model(tmp_path, px=16, grid=2, c=8, d=16)
    work = count(folder / "encoder.onnx", {"image": np.zeros((3, 4, 16, 16), np.float32)})
    convolution = 3 * 8 * 2 * 2 * (4 * 8 * 8)  # every output is a sum over 4 channels of 8 x 8
    product = 3 * 3 * 16 * (4 * 8)  # 3 moves to 16 numbers, from 4 tokens of 8
    assert work.gflop == pytest.approx(2e-9 * (convolution + product))
    heavy = 3 * 4 * 16 * 16 + 8 * 4 * 8 * 8 + 3 * 8 * 4  # image, kernel, map
    heavy += 3 * 3 * 32 + 32 * 16 + 3 * 3 * 16  # rows, project, projected
    outputs = 3 * 16 + 3 * 4 * 8 + 3 * 3 * 16 + 3 * 3  # embedding, tokens, moved, moves
    assert work.fused_mb == pytest.approx(4e-6 * (heavy + outputs))
    assert work.one_by_one_mb > work.fused_mb


def test_the_slower_of_arithmetic_and_memory_counts():
    work = Work(gflop=20.0, one_by_one_mb=400.0, fused_mb=40.0)
    board = Board("any", fp16_tflops=10.0, gb_per_s=50.0)
    assert work.least_ms(board, bytes_each=2) == (2.0, 4.0)
