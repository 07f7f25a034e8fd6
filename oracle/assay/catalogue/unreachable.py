"""Names of the surface that have no record, because PyTorch's public namespace offers nothing to call on a CPU, each with the reason."""

from __future__ import annotations

UNREACHABLE = {
    "jiterator_unary": "torch.cuda.jiterator compiles CUDA source: there is no CPU form",
    "jiterator_binary": "torch.cuda.jiterator compiles CUDA source: there is no CPU form",
    "jiterator_binary_return_by_ref": "torch.cuda.jiterator compiles CUDA source: there is no CPU form",
    "jiterator_2inputs_2outputs": "torch.cuda.jiterator compiles CUDA source: there is no CPU form",
    "jiterator_4inputs_with_extra_args": "torch.cuda.jiterator compiles CUDA source: there is no CPU form",
    "slice": "only torch.ops.aten.slice; users write x[start:stop:step], which __getitem__ draws",
    "max_pool2d_with_indices_backward": "only torch.ops.aten; the gradient of nn.functional.max_pool2d calls it",
    "native_dropout_backward": "only torch.ops.aten; the gradient of nn.functional.dropout calls it",
    "torch._scaled_mm": "private; its operands are float8 tensors, a dtype outside of those that cases are made of",
    "torch._scaled_mm_v2": "private; its operands are float8 tensors, a dtype outside of those that cases are made of",
}
"""Name -> why no case can be drawn for it."""
