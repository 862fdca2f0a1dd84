"""A DOUBLE of cuda.bindings.runtime: see tests/tensorrt_double.py, which computes over it."""

import ctypes
from enum import IntEnum
from types import SimpleNamespace

import numpy as np


class CudaStatus(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorStreamCaptureInvalidated = 901


OK = CudaStatus.cudaSuccess


class CudaDouble:
    """cuda.bindings.runtime: host memory stands in for the device's."""

    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)
    cudaDeviceAttr = SimpleNamespace(
        cudaDevAttrComputeCapabilityMajor="major", cudaDevAttrComputeCapabilityMinor="minor"
    )

    def __init__(self, capability="8.7", *, driver=True, capturable=True, memory_bytes=1 << 40):
        self.capability, self.driver, self.capturable = capability, driver, capturable
        self.memory_bytes = memory_bytes
        self.memory = {}  # address: array that keeps it alive
        self.queue, self.captured, self.graphs = [], None, 0
        self.calls = []

    def cudaGetDeviceCount(self):
        return (OK, 1) if self.driver else (CudaStatus.cudaErrorInsufficientDriver, None)

    def cudaDeviceGetAttribute(self, which, _device):
        major, minor = self.capability.split(".")
        return OK, int(major if which == "major" else minor)

    def cudaDriverGetVersion(self):
        return OK, 12060

    def cudaGetDeviceProperties(self, _device):
        return OK, SimpleNamespace(name=b"double of an Orin\0")

    def cudaMalloc(self, size):
        self.calls.append("cudaMalloc")
        if size + sum(array.nbytes for array in self.memory.values()) > self.memory_bytes:
            return CudaStatus.cudaErrorMemoryAllocation, None
        array = np.full(size, 0x5A, np.uint8)  # never zero by luck
        self.memory[array.ctypes.data] = array
        return OK, array.ctypes.data

    def cudaMallocHost(self, size):
        status, address = self.cudaMalloc(size)
        return status, address

    def cudaFree(self, address):
        del self.memory[address]
        return (OK,)

    cudaFreeHost = cudaFree

    def cudaStreamCreate(self):
        return OK, 7

    def cudaStreamDestroy(self, _stream):
        return (OK,)

    def cudaMemcpyAsync(self, to, source, size, _kind, _stream):
        self.enqueue(lambda: ctypes.memmove(to, source, size))
        return (OK,)

    def cudaStreamSynchronize(self, _stream):
        queue, self.queue = self.queue, []
        for work in queue:
            work()
        return (OK,)

    def cudaStreamBeginCapture(self, _stream, _mode):
        self.captured = []
        return (OK,)

    def cudaStreamEndCapture(self, _stream):
        captured, self.captured = self.captured, None
        if not self.capturable:
            return CudaStatus.cudaErrorStreamCaptureInvalidated, None
        return OK, captured

    def cudaGetLastError(self):
        return (OK,)

    def cudaGraphInstantiate(self, graph, _flags):
        self.graphs += 1
        return OK, list(graph)

    def cudaGraphDestroy(self, graph):
        graph.clear()
        return (OK,)

    def cudaGraphLaunch(self, graph, _stream):
        self.calls.append("cudaGraphLaunch")
        self.queue.extend(graph)
        return (OK,)

    def cudaGraphExecDestroy(self, graph):
        graph.clear()
        self.graphs -= 1
        return (OK,)

    def enqueue(self, work):
        (self.queue if self.captured is None else self.captured).append(work)

    def read(self, address, shape, dtype):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape)
