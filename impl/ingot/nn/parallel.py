"""One batch split over several GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.device import device as Device
from ..core.tensor import Tensor
from ..ops.joining import cat
from .modules.module import Module
from .utils.stateless import call_with

__all__ = ["DataParallel", "data_parallel", "gather", "scatter"]


def scatter(inputs: Any, devices: Sequence[Any], dim: int = 0) -> list[Any]:
    """``inputs`` once per device: tensors in nested tuples, lists and dicts cut along ``dim``, the rest as it is.

    There may be fewer results than devices, if there are not enough rows to cut.
    """
    if isinstance(inputs, Tensor):
        chunks = inputs.chunk(len(devices), dim)
        return [chunk.to(place) for chunk, place in zip(chunks, devices, strict=False)]
    if isinstance(inputs, tuple | list) and inputs:
        make = type(inputs) if not hasattr(inputs, "_fields") else type(inputs)._make
        return [make(parts) for parts in zip(*(scatter(item, devices, dim) for item in inputs), strict=False)]
    if isinstance(inputs, dict) and inputs:
        parts = zip(*(scatter(item, devices, dim) for item in inputs.values()), strict=False)
        return [type(inputs)(zip(inputs, values, strict=True)) for values in parts]
    return [inputs for _ in devices]


def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """The results of several devices, tensors in nested tuples, lists and dicts put together along ``dim``."""
    first = outputs[0]
    if isinstance(first, Tensor):
        if first.dim() == 0:  # losses: one entry per device
            return cat([output.reshape(1).to(target_device) for output in outputs])
        return cat([output.to(target_device) for output in outputs], dim)
    if first is None:
        return None
    if isinstance(first, dict):
        return type(first)((key, gather([output[key] for output in outputs], target_device, dim)) for key in first)
    make = type(first) if not hasattr(first, "_fields") else type(first)._make
    return make(gather(parts, target_device, dim) for parts in zip(*outputs, strict=True))


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any],
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """``module(*inputs, **module_kwargs)`` with the batch split over ``device_ids``, the result on ``output_device``.

    Parameters are copied to every device, and their gradients are summed. Buffers that forward changes in place are
    kept from the device where the module lives.

    Example: ``data_parallel(model, (x,), device_ids=[0, 1])``
    """
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    if not device_ids:
        return module(*inputs, **(module_kwargs or {}))
    places = [Device(place) for place in device_ids]
    members = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for member in members.values():
        if member.device != places[0]:
            raise RuntimeError(
                f"module must have its parameters and buffers on device {places[0]} (device_ids[0]) but found one of "
                f"them on device: {member.device}"
            )
    outputs = []
    for place, (args, kwargs) in zip(places, scatter((inputs, module_kwargs or {}), places, dim), strict=False):
        replica = {name: member.to(place) for name, member in members.items()}
        outputs.append(call_with(module, replica, tuple(args), kwargs))
    return gather(outputs, places[0] if output_device is None else output_device, dim)


class DataParallel(Module):
    """``module`` with batches split along ``dim`` over the GPUs ``device_ids`` (all, if None); without GPUs, itself.

    Example: ``nn.DataParallel(model)(x)``
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        from .. import cuda  # loads CuPy where there is one

        self.module = module
        self.dim = dim
        self.device_ids = list(range(cuda.device_count()) if device_ids is None else device_ids)
        if not cuda.is_available():
            self.device_ids = []
        self.output_device = self.device_ids[0] if output_device is None and self.device_ids else output_device

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        if len(self.device_ids) <= 1:
            return self.module(*inputs, **kwargs)
        return data_parallel(self.module, inputs, self.device_ids, self.output_device, self.dim, kwargs)
