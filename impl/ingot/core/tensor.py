"""``Tensor``: an array, its storage, and its place in the graph. Operations are bound to it by ``ops``, differentiation by ``autograd``."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from . import dtype as dtypes
from . import layout
from .device import cpu, device
from .dtype import dtype
from .graph import Leaf, Node, Output, RemovableHandle
from .memory_format import strided
from .size import Size
from .storage import Storage, address, storage_of
from .storage import storage_offset as offset_in_storage

DEVICE_OF: dict[type, Any] = {np.ndarray: cpu}
"""The device of each array type; a backend adds its own. A callable value is asked per array (several GPUs)."""


class TensorMeta(type):
    """``isinstance(x, Tensor)`` and the legacy constructor ``Tensor(2, 3)`` / ``Tensor([1, 2])``."""

    def __call__(cls, *args, **kwargs):
        if cls is Tensor:
            return cls._legacy_new(*args, **kwargs)
        return super().__call__(*args, **kwargs)


class Tensor(metaclass=TensorMeta):
    """A strided array of one dtype on one device, with automatic differentiation.

    Create one with ``ingot.tensor(data)``, ``ingot.zeros(2, 3)``, ``ingot.from_numpy(array)``; the class itself is the legacy float32
    constructor. ``_array`` is the raw NumPy (or CuPy) array, ``_storage`` the memory shared with views (created on demand, NOTE [Version
    counters]), ``_autograd`` the history (None for a plain tensor, see ``core.graph``).
    """

    __slots__ = ("__dict__", "__weakref__", "_array", "_autograd", "_storage")

    _array: Any
    _storage: Storage | None
    _autograd: Any

    __array_priority__ = 1000
    __hash__ = object.__hash__

    # -- what it is ---------------------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        return Size(self._array.shape)

    def size(self, dim: int | None = None):
        """The shape, or the length of one dimension."""
        if dim is None:
            return Size(self._array.shape)
        rank = self._array.ndim
        if not -rank <= dim < rank:
            if rank == 0:
                raise IndexError("Dimension specified as 0 but tensor has no dimensions")
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})"
            )
        return self._array.shape[dim]

    @property
    def ndim(self) -> int:
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    @property
    def dtype(self) -> dtype:
        return dtypes.BY_NUMPY[self._array.dtype]

    @property
    def device(self) -> device:
        found = DEVICE_OF[type(self._array)]
        return found if type(found) is device else found(self._array)

    @property
    def layout(self):
        """``strided``: the only layout there is."""
        return strided

    def is_pinned(self, device=None) -> bool:
        """Whether the memory is page-locked: no tensor's is."""
        return False

    @property
    def itemsize(self) -> int:
        return self._array.dtype.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._array.size * self._array.dtype.itemsize

    def stride(self, dim: int | None = None):
        """Strides in elements: all of them, or of one dimension."""
        steps = layout.strides(self._array)
        return steps if dim is None else steps[dim]

    def storage_offset(self) -> int:
        """Elements between the start of the storage and the first element."""
        return offset_in_storage(self)

    def data_ptr(self) -> int:
        """The address of the first element, 0 for an empty tensor."""
        return address(self._array) if self._array.size else 0

    @property
    def _version(self) -> int:
        storage = self._storage
        return 0 if storage is None else storage.version

    # -- its place in the graph ---------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        history = self._autograd
        if history is None:
            return False
        if type(history) is Leaf:
            return history.requires
        return history.edge(self) is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for (or refuse) a gradient. RuntimeError for integer dtypes, and for refusing it on a non-leaf."""
        flag = bool(requires_grad)
        history = self._autograd
        if flag and self._array.dtype.kind not in "fcV" and not self.dtype.is_floating_point:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if type(history) is Leaf:
            history.requires = flag
        elif history is None:
            if flag:
                self._autograd = Leaf(self)
        elif history.edge(self) is not None and self.grad_fn is not None:
            if not flag:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                    "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
        else:
            history.make_leaf(self, flag)
        return self

    @property
    def grad_fn(self) -> Node | None:
        history = self._autograd
        if history is None:
            return None
        edge = history.edge(self)
        if edge is None or isinstance(edge, Leaf):
            return None
        return edge.node if type(edge) is Output else edge

    @property
    def is_leaf(self) -> bool:
        return self.grad_fn is None

    @property
    def output_nr(self) -> int:
        history = self._autograd
        edge = None if history is None else history.edge(self)
        return edge.number if type(edge) is Output else 0

    @property
    def grad(self) -> Tensor | None:
        history = self._autograd
        if history is None:
            return None
        return history.grad_holder().grad if hasattr(history, "grad_holder") else getattr(history, "grad", None)

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            check_grad(self, value)
        history = self._autograd
        if history is None:
            if value is None:
                return
            history = self._autograd = Leaf(self, requires_grad=False)
        elif isinstance(history, Node) and type(history) is not Leaf:
            if value is None:
                return
            history = self._autograd = Output(history)
        holder = history.grad_holder() if hasattr(history, "grad_holder") else history
        holder.grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    @property
    def _base(self) -> Tensor | None:
        return getattr(self._autograd, "base", None)

    def _is_view(self) -> bool:
        return self._base is not None

    @property
    def retains_grad(self) -> bool:
        history = self._autograd
        holder = getattr(history, "holder", history)
        return type(holder) is Output and holder.retains

    def retain_grad(self) -> None:
        """Have ``backward`` fill ``.grad`` of this non-leaf tensor too."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is None or self.retains_grad:
            return
        output = output_of(self)
        output.retains = True
        output.node.more().retained[output.number] = weakref.ref(output)

    def register_hook(self, hook) -> RemovableHandle:
        """Call ``hook(grad)`` whenever the gradient of this tensor is computed; a returned tensor replaces it."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        edge = self._autograd.edge(self)
        if isinstance(edge, Leaf):
            if edge.tensor_hooks is None:
                edge.tensor_hooks = {}
            return RemovableHandle(edge.tensor_hooks, hook)
        node, number = (edge.node, edge.number) if type(edge) is Output else (edge, 0)
        return RemovableHandle(node.more().tensor_hooks.setdefault(number, {}), hook)

    def register_post_accumulate_grad_hook(self, hook) -> RemovableHandle:
        """Call ``hook(tensor)`` after a backward has added to this leaf's ``.grad``."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        leaf = self._autograd.edge(self)
        if not isinstance(leaf, Leaf):
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if leaf.post_hooks is None:
            leaf.post_hooks = {}
        return RemovableHandle(leaf.post_hooks, hook)

    def detach(self) -> Tensor:
        """The same memory without history; writes through it still count (NOTE [Version counters])."""
        return alias(self._array, storage_of(self))

    @property
    def data(self) -> Tensor:
        return wrap(self._array.view()) if self._storage is None else alias(self._array, _fresh(storage_of(self)))

    @data.setter
    def data(self, other: Tensor) -> None:
        if not isinstance(other, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(other).__name__}")
        self._array = other._array
        self._storage = storage_of(other)

    # -- what Python asks of it ---------------------------------------------------------------------------------------------------

    def __repr__(self, *, tensor_contents=None) -> str:
        from .printing import format_tensor

        return format_tensor(self, tensor_contents=tensor_contents)

    def __bool__(self) -> bool:
        if self._array.size != 1:
            what = "no values" if self._array.size == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self.item())

    def is_nonzero(self) -> bool:
        """``bool`` of a tensor with one element."""
        return bool(self)

    def __float__(self) -> float:
        return float(_real(self._only()))

    def __int__(self) -> int:
        return int(_real(self._only()))

    def __complex__(self) -> complex:
        return complex(self._only())

    def _only(self):
        """The only element. ValueError, as Python's conversions raise it, where there is not exactly one."""
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __iter__(self):
        if self._array.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element) -> bool:
        if isinstance(element, (Tensor, bool, int, float, complex)):
            return bool((self == element).any())
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __dir__(self):
        return sorted(set(object.__dir__(self)))

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        return self.device.type == "cpu"

    @property
    def is_meta(self) -> bool:
        return self.device.type == "meta"

    is_sparse = is_quantized = is_mkldnn = is_nested = is_vulkan = is_xla = is_mps = is_sparse_csr = False
    is_ipu = is_xpu = is_maia = is_mtia = False
    names: tuple = ()

    def is_inference(self) -> bool:
        """False: tensors made in ``inference_mode`` are ordinary ones (see there)."""
        return False

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating point one."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype holds negative numbers."""
        return self.dtype.is_signed


def _real(value):
    if type(value) is complex:
        if value.imag:
            raise RuntimeError("value cannot be converted to type double without overflow")
        return value.real
    return value


_new = object.__new__


def wrap(array) -> Tensor:
    """A tensor around ``array`` (0-d results that NumPy decayed to scalars become arrays again), without history."""
    tensor = _new(Tensor)
    tensor._array = array if not isinstance(array, np.generic) else array.__array__()
    tensor._storage = None
    tensor._autograd = None
    return tensor


def alias(array, storage) -> Tensor:
    """A tensor without history whose memory belongs to ``storage``."""
    tensor = _new(Tensor)
    tensor._array = array
    tensor._storage = storage
    tensor._autograd = None
    return tensor


def _fresh(storage):
    return type(storage)(storage.root)


def output_of(tensor: Tensor) -> Output:
    """The tensor's history as an Output, which has room for a retained gradient."""
    history = tensor._autograd
    if type(history) is Output:
        return history
    edge = history.edge(tensor)
    output = Output(edge.node, edge.number) if type(edge) is Output else Output(edge, 0)
    if isinstance(history, Node):
        tensor._autograd = output
    else:
        history.holder = output
    return output


def check_grad(tensor: Tensor, value) -> None:
    """TypeError or RuntimeError unless ``value`` may be the ``.grad`` of ``tensor``."""
    if not isinstance(value, Tensor):
        raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
    if value is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if value.dtype is not tensor.dtype:
        raise RuntimeError(f"assigned grad has data of a different type: expected {tensor.dtype}, got {value.dtype}")
    if value.device.type != tensor.device.type:
        raise RuntimeError(f"assigned grad has data located on a different device: {value.device}, not {tensor.device}")
    if value._array.shape != tensor._array.shape:
        raise RuntimeError(
            f"assigned grad has data of a different size: expected {list(tensor.shape)}, got {list(value.shape)}"
        )
