"""A DOUBLE of half-precision arithmetic on a GPU: sums that are themselves rounded to float16.

ONNX Runtime's CPU adds up products of float16 in float32. A GPU's matrix units may do the same, or
keep the running sum in float16 and round it after each few products (16 in one mma.m16n8k16 of
NVIDIA's). Not a measurement of any GPU: it bounds what a right plan may differ by.
"""

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

PRODUCTS = (torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__)


class HalfSums(TorchFunctionMode):
    """Within it, products of float16 are added up `chunk` at a time, in float16 between chunks."""

    def __init__(self, chunk):
        super().__init__()
        self.chunk = chunk
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is F.conv2d and args[0].dtype == torch.float16:
            return self._conv(*args, **(kwargs or {}))
        if func in PRODUCTS and args[0].dtype == torch.float16:
            return self._sum(args[0], args[1])
        return func(*args, **(kwargs or {}))

    def _conv(self, x, weight, bias, stride, padding, dilation, groups):
        assert (dilation, groups) == ((1, 1), 1)
        out, _, high, wide = weight.shape
        columns = F.unfold(x.float(), (high, wide), padding=padding, stride=stride).half()
        found = self._sum(weight.flatten(1), columns)
        if bias is not None:
            found = found + bias[:, None]
        side = (x.shape[2] + 2 * padding[0] - high) // stride[0] + 1
        return found.reshape(len(x), out, side, -1)

    def _sum(self, a, b):
        self.calls += 1
        found = torch.zeros((), dtype=torch.float16)
        for at in range(0, a.shape[-1], self.chunk):
            some = slice(at, at + self.chunk)
            found = (found.float() + a[..., some].float() @ b[..., some, :].float()).half()
        return found
