"""Tensors that modules register when they are assigned as attributes."""

from __future__ import annotations

from typing import Any

from ..core.graph import Leaf
from ..core.printing import PLAIN
from ..core.storage import storage_of
from ..core.tensor import Tensor
from ..ops.creation import empty

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]


def _share(cls: type, data: Any) -> Any:
    """An instance of the tensor class ``cls`` on the memory of ``data``, without history."""
    data = empty(0) if data is None else data
    if not isinstance(data, Tensor):
        raise TypeError(f"{cls.__name__}: data must be a Tensor, got {type(data).__name__}")
    tensor = object.__new__(cls)
    tensor._array = data._array
    tensor._storage = storage_of(data)
    tensor._autograd = None
    return tensor


class Parameter(Tensor):
    """A tensor that is learned: a leaf on the memory of ``data`` that requires grad, and registers with its module.

    Example: ``self.scale = nn.Parameter(ingot.ones(3))``
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        parameter = _share(cls, data)
        if requires_grad:
            if not (parameter.dtype.is_floating_point or parameter.dtype.is_complex):
                raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
            parameter._autograd = Leaf(parameter)
        return parameter

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        contents = super().__repr__(tensor_contents=tensor_contents)
        return "Parameter containing:\n" + (contents if type(self) is Parameter else f"Parameter({contents})")


class Buffer(Tensor):
    """A tensor that is state but not learned; one that is not ``persistent`` stays out of the state dict.

    Example: ``self.mean = nn.Buffer(ingot.zeros(3))``
    """

    __slots__ = ()
    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        buffer = _share(cls, data)
        if data is not None and data.requires_grad:
            buffer.requires_grad_(True)
        buffer.persistent = persistent
        return buffer


PLAIN.update((Parameter, Buffer))


class UninitializedTensorMixin:
    """A tensor that has a dtype and a device but no shape and no values, until ``materialize`` gives it both.

    ``data``, its empty stand-in, moves and casts. Anything that needs the array raises ValueError.
    """

    __slots__ = ()
    cls_to_become: type

    @classmethod
    def _make(cls, requires_grad: bool, device: Any, dtype: Any) -> Any:
        tensor = object.__new__(cls)
        tensor.__dict__["_stand_in"] = empty(0, device=device, dtype=dtype)
        tensor._storage = None
        tensor._autograd = Leaf(tensor) if requires_grad else None
        return tensor

    @property
    def _array(self) -> Any:
        name = type(self).__name__
        raise ValueError(
            f"Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or "
            f"explicitly manipulating `torch.nn.parameter.{name}` objects. When using LazyModules Call `forward` with "
            "a dummy batch to initialize the parameters before calling torch functions"
        )

    @property
    def data(self) -> Tensor:
        """The empty tensor that stands in for the missing one."""
        return self.__dict__["_stand_in"]

    @data.setter
    def data(self, value: Tensor) -> None:
        self.__dict__["_stand_in"] = value.data if is_lazy(value) else value

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def device(self) -> Any:
        return self.data.device

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, uninitialised."""
        data = self.__dict__.pop("_stand_in")
        device = data.device if device is None else device
        dtype = data.dtype if dtype is None else dtype
        self.__class__ = self.cls_to_become
        self._array = empty(shape, device=device, dtype=dtype)._array

    def _with(self, stand_in: Tensor) -> Any:
        """The same uninitialised tensor with another device or dtype."""
        tensor = object.__new__(type(self))
        tensor.__dict__.update(self.__dict__, _stand_in=stand_in)
        tensor._storage = tensor._autograd = None
        return tensor

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor on another device or with another dtype, still uninitialised."""
        return self._with(self.data.to(*args, **kwargs))

    def share_memory_(self) -> None:
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self, **_: Any) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: int) -> Any:
        return type(self), (self.requires_grad, self.device, self.dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


for _name in ("cuda", "cpu", "half", "float", "double", "bfloat16"):

    def _converted(self: Any, *args: Any, _name: str = _name) -> Any:
        return self._with(getattr(self.data, _name)(*args))

    setattr(UninitializedTensorMixin, _name, _converted)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape the first forward of a lazy module decides.

    Example: ``weight = nn.UninitializedParameter(); weight.materialize((3, 4)); type(weight) is nn.Parameter``
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> UninitializedParameter:
        return cls._make(requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape the first forward of a lazy module decides.

    Example: ``mean = nn.UninitializedBuffer(); mean.materialize((3,)); type(mean) is ingot.Tensor``
    """

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> UninitializedBuffer:
        buffer = cls._make(requires_grad, device, dtype)
        buffer.persistent = persistent
        return buffer


def is_lazy(param: Any) -> bool:
    """Whether ``param`` still has no shape."""
    return isinstance(param, UninitializedTensorMixin)
