"""What follows from the same stream: the same weights, the same dropped units, the same noise."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import ingot

from .streams import agree

MODULES = {
    "Linear": lambda nn: nn.Linear(3, 4),
    "wide Linear": lambda nn: nn.Linear(30, 40, bias=False),
    "Bilinear": lambda nn: nn.Bilinear(3, 4, 5),
    "Conv1d": lambda nn: nn.Conv1d(3, 4, 3),
    "Conv2d": lambda nn: nn.Conv2d(4, 8, 3, groups=2),
    "Conv3d": lambda nn: nn.Conv3d(3, 4, 2),
    "ConvTranspose1d": lambda nn: nn.ConvTranspose1d(3, 4, 3),
    "ConvTranspose2d": lambda nn: nn.ConvTranspose2d(3, 4, 3),
    "ConvTranspose3d": lambda nn: nn.ConvTranspose3d(3, 4, 2),
    "Embedding": lambda nn: nn.Embedding(10, 7, padding_idx=2),
    "EmbeddingBag": lambda nn: nn.EmbeddingBag(10, 7),
    "RNN": lambda nn: nn.RNN(5, 6, 2),
    "LSTM": lambda nn: nn.LSTM(5, 6, 2, bidirectional=True, proj_size=3),
    "GRU": lambda nn: nn.GRU(5, 6, 2),
    "RNNCell": lambda nn: nn.RNNCell(4, 5),
    "LSTMCell": lambda nn: nn.LSTMCell(4, 5),
    "GRUCell": lambda nn: nn.GRUCell(4, 5),
    "MultiheadAttention": lambda nn: nn.MultiheadAttention(8, 2),
    "MultiheadAttention of three widths": lambda nn: nn.MultiheadAttention(8, 2, kdim=5, vdim=6, add_bias_kv=True),
    "TransformerEncoderLayer": lambda nn: nn.TransformerEncoderLayer(8, 2, 16),
    "TransformerDecoderLayer": lambda nn: nn.TransformerDecoderLayer(8, 2, 16),
    "Transformer": lambda nn: nn.Transformer(8, 2, 1, 1, 16, batch_first=True),
    "BatchNorm2d": lambda nn: nn.BatchNorm2d(5),
    "InstanceNorm2d": lambda nn: nn.InstanceNorm2d(5, affine=True),
    "LayerNorm": lambda nn: nn.LayerNorm(5),
    "GroupNorm": lambda nn: nn.GroupNorm(2, 4),
    "PReLU": lambda nn: nn.PReLU(3),
    "AdaptiveLogSoftmaxWithLoss": lambda nn: nn.AdaptiveLogSoftmaxWithLoss(32, 20, [5, 10]),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_born_alike(name):
    made = {}

    def call(framework):
        made[framework] = MODULES[name](framework.nn).state_dict()
        return list(made[framework].values())

    agree(call, seed=7)
    assert list(made[ingot]) == list(made[torch])


INITS = {
    "uniform_": (-0.1, 0.4), "normal_": (0.3, 2.0), "constant_": (3.0,), "ones_": (), "zeros_": (), "xavier_uniform_": (1.3,), "xavier_normal_": (1.3,),
    "kaiming_uniform_": (0.3,), "kaiming_normal_": (0.2, "fan_out"), "trunc_normal_": (), "trunc_normal_ far out": (0.0, 1.0, 1.0, 1.5),
    "trunc_normal_ shifted": (2.0, 0.5, -2.0, 2.0), "sparse_": (0.4,), "eye_": (), "dirac_": (),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", INITS)
def test_inits(name, dtype):
    function = name.split()[0]
    shapes = {"eye_": [(5, 7)], "sparse_": [(5, 7), (16, 20)], "dirac_": [(6, 4, 3)]}.get(
        function, [(5, 7), (7, 5), (16, 20), (6, 4, 3)]
    )
    for shape in shapes:
        agree(
            lambda framework, shape=shape: getattr(framework.nn.init, function)(
                framework.empty(shape, dtype=getattr(framework, dtype)), *INITS[name]
            )
        )


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 4e-15)])
@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (16, 20), (6, 4, 3)])
def test_orthogonal(shape, dtype, tolerance):
    """The same numbers are drawn; the factorisation is another library's, so its rounding is too (some units in the last place of 1)."""
    made = []
    for framework in (torch, ingot):
        framework.manual_seed(3)
        made.append(framework.nn.init.orthogonal_(framework.empty(shape, dtype=getattr(framework, dtype)), 1.5).numpy())
    assert np.abs(made[0] - made[1]).max() <= tolerance
    agree(lambda framework: [framework.nn.init.orthogonal_(framework.empty(shape)), framework.rand(3)][1])


DROPOUTS = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
SHAPES = [(4,), (4, 5), (4, 5, 6), (3, 4, 5, 6), (2, 3, 4, 5, 6)]
RANKS = {"dropout1d": (2, 3), "feature_alpha_dropout": (2, 3, 4, 5)}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", DROPOUTS)
def test_dropout_drops_the_same_units(name, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # both warn of unusual ranks: test_dropout_warns
        for shape in SHAPES:
            if len(shape) not in RANKS.get(name, (1, 2, 3, 4, 5)) or (name == "dropout2d" and len(shape) == 1):
                continue
            for p in (0.0, 0.3, 1.0):
                for inplace in (False, True):
                    agree(lambda framework, shape=shape, p=p, inplace=inplace: getattr(framework.nn.functional, name)(framework.ones(shape, dtype=getattr(framework, dtype)), p, True, inplace))  # fmt: skip


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"])
def test_dropouts_of_the_main_namespace(name):
    for suffix in ("", "_"):
        agree(lambda framework, suffix=suffix: getattr(framework, name + suffix)(framework.ones(6, 9, 4), 0.4, True))


def test_dropout_of_strided_memory():
    agree(lambda framework: framework.nn.functional.dropout(framework.ones(6, 9).t(), 0.4))


@pytest.mark.parametrize(("name", "shape"), [("dropout2d", (4, 5, 6)), ("dropout2d", (4, 5)), ("dropout3d", (4, 5, 6))])
def test_dropout_warns(name, shape):
    for framework in (torch, ingot):
        with pytest.warns(UserWarning, match=f"{name}: Received a"):
            getattr(framework.nn.functional, name)(framework.ones(shape))


def test_native_dropout():
    agree(lambda framework: list(framework.native_dropout(framework.ones(6, 9), 0.4, True)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_noise_of_activations(dtype):
    agree(
        lambda framework: framework.nn.functional.rrelu(
            framework.randn(50, 7, dtype=getattr(framework, dtype)), 0.1, 0.3, True
        )
    )
    agree(
        lambda framework: framework.nn.functional.gumbel_softmax(
            framework.zeros(5, 7, dtype=getattr(framework, dtype)), hard=True
        )
    )


def test_dropout_inside_modules():
    def call(framework):
        net = framework.nn.LSTM(5, 6, 3, dropout=0.4)
        net(framework.randn(4, 3, 5))
        layer = framework.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.3)
        layer(framework.randn(4, 3, 8))
        return framework.rand(2)

    agree(call)


def test_what_a_draw_writes_over_has_no_gradient():
    def call(framework):
        leaf = framework.ones(3, requires_grad=True)
        written = leaf * 2
        written[1:].normal_()
        written.sum().backward()
        whole = leaf * 3
        whole.uniform_()
        assert whole.requires_grad
        (gradient,) = framework.autograd.grad(whole.sum(), leaf)
        mean = framework.zeros(3, requires_grad=True)
        (of_mean,) = framework.autograd.grad(framework.normal(mean, 1.0).sum(), mean)
        return [leaf.grad, gradient, of_mean, written, whole]

    agree(call)
