"""A case is data: one call of one op, that any target can be given and that travels as JSON."""

from .case import Case, DType, Function, ListOf, Made, SliceOf, StatefulCase, TensorSpec, from_json, to_json
from .fill import values
from .materialise import Arguments, materialise, tensor

__all__ = [
    "Arguments",
    "Case",
    "DType",
    "Function",
    "ListOf",
    "Made",
    "SliceOf",
    "StatefulCase",
    "TensorSpec",
    "from_json",
    "materialise",
    "tensor",
    "to_json",
    "values",
]
