"""Every module against PyTorch's: the same weights from the same seed, names, printed form, results and gradients."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
import torch

import ingot

# Constructor and inputs. An input is a shape (floats), or a NumPy array (class indices, masks).
INDICES = np.array([[1, 2, 0, 3], [4, 3, 1, 0]])
CLASSES = np.array([1, 0, 3])
ONES = np.array([1.0, -1.0, 1.0])
TRIANGLE = np.triu(np.ones((5, 5), dtype=bool), 1)

CASES: list[tuple] = [
    ("Identity(3, x=4)", (2, 3)),
    ("Linear(3, 4)", (2, 3)),
    ("Linear(3, 4, bias=False)", (5, 2, 3)),
    ("Bilinear(3, 4, 5)", (2, 3), (2, 4)),
    ("Bilinear(3, 4, 5, bias=False)", (2, 3), (2, 4)),
    ("Conv1d(4, 6, 3)", (2, 4, 9)),
    ("Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2)", (2, 4, 9)),
    ("Conv1d(4, 6, 4, padding='same', bias=False)", (4, 9)),
    ("Conv2d(3, 4, (3, 2))", (2, 3, 6, 5)),
    ("Conv2d(3, 4, 3, padding='same', padding_mode='reflect')", (2, 3, 6, 5)),
    ("Conv2d(3, 4, 3, padding=(1, 2), padding_mode='circular')", (2, 3, 6, 5)),
    ("Conv2d(4, 4, 3, padding='valid', groups=4)", (2, 4, 6, 5)),
    ("Conv3d(2, 3, 2, padding=1, padding_mode='replicate')", (1, 2, 3, 4, 5)),
    ("ConvTranspose1d(4, 6, 3, stride=2, output_padding=1, groups=2)", (2, 4, 5)),
    ("ConvTranspose2d(3, 4, (3, 2), stride=2, padding=1)", (2, 3, 4, 5)),
    ("ConvTranspose3d(2, 3, 2, dilation=2, bias=False)", (1, 2, 3, 4, 3)),
    ("LazyLinear(4)", (2, 3)),
    ("LazyConv1d(6, 3)", (2, 4, 9)),
    ("LazyConv2d(6, 3, groups=2)", (2, 4, 6, 5)),
    ("LazyConv3d(2, 2, bias=False)", (1, 2, 3, 4, 5)),
    ("LazyConvTranspose1d(6, 3)", (2, 4, 5)),
    ("LazyConvTranspose2d(6, 3, stride=2)", (2, 4, 4, 5)),
    ("LazyConvTranspose3d(2, 2)", (1, 2, 3, 4, 3)),
    ("LazyBatchNorm1d()", (4, 3)),
    ("LazyBatchNorm2d(affine=False)", (4, 3, 2, 2)),
    ("LazyBatchNorm3d(bias=False)", (4, 3, 2, 2, 2)),
    ("LazyInstanceNorm1d(affine=True)", (4, 3, 5)),
    ("LazyInstanceNorm2d()", (4, 3, 5, 5)),
    ("LazyInstanceNorm3d(track_running_stats=True)", (4, 3, 2, 3, 4)),
    ("MaxPool1d(3, stride=2)", (2, 3, 9)),
    ("MaxPool2d((3, 2), padding=1, dilation=2, ceil_mode=True)", (2, 3, 8, 7)),
    ("MaxPool3d(2)", (2, 3, 4, 6, 4)),
    ("AvgPool1d(3, stride=2, padding=1, count_include_pad=False)", (2, 3, 9)),
    ("AvgPool2d((3, 2), ceil_mode=True, divisor_override=3)", (2, 3, 8, 7)),
    ("AvgPool3d(2)", (2, 3, 4, 6, 4)),
    ("LPPool1d(2, 3, stride=2)", (2, 3, 9)),
    ("LPPool2d(3, 2)", (2, 3, 6, 6)),
    ("LPPool3d(2, 2)", (2, 3, 4, 4, 4)),
    ("AdaptiveMaxPool1d(4)", (2, 3, 9)),
    ("AdaptiveMaxPool2d((3, None))", (2, 3, 8, 7)),
    ("AdaptiveMaxPool3d(2)", (2, 3, 4, 5, 6)),
    ("AdaptiveAvgPool1d(4)", (2, 3, 9)),
    ("AdaptiveAvgPool2d((3, None))", (2, 3, 8, 7)),
    ("AdaptiveAvgPool3d(2)", (2, 3, 4, 5, 6)),
    ("FractionalMaxPool2d(2, output_size=(3, 4))", (2, 3, 8, 7)),
    ("FractionalMaxPool3d(2, output_ratio=0.5)", (2, 3, 8, 7, 6)),
    ("BatchNorm1d(3)", (4, 3)),
    ("BatchNorm1d(3, momentum=None, bias=False)", (4, 3, 5)),
    ("BatchNorm2d(3, affine=False)", (4, 3, 2, 5)),
    ("BatchNorm3d(3, track_running_stats=False)", (4, 3, 2, 3, 2)),
    ("SyncBatchNorm(3)", (4, 3, 2)),
    ("InstanceNorm1d(3)", (4, 3, 5)),
    ("InstanceNorm1d(3, affine=True)", (3, 5)),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True)", (4, 3, 5, 2)),
    ("InstanceNorm3d(3)", (4, 3, 2, 3, 4)),
    ("LayerNorm(6)", (2, 5, 6)),
    ("LayerNorm((5, 6), eps=1e-3, bias=False)", (2, 5, 6)),
    ("LayerNorm([5, 6], elementwise_affine=False)", (2, 5, 6)),
    ("GroupNorm(2, 6)", (3, 6, 4)),
    ("GroupNorm(2, 6, affine=False)", (3, 6, 4)),
    ("RMSNorm(6)", (2, 5, 6)),
    ("RMSNorm((5, 6), eps=1e-2, elementwise_affine=False)", (2, 5, 6)),
    ("LocalResponseNorm(3, alpha=0.1)", (2, 6, 4, 4)),
    ("Threshold(0.1, 20.0)", (3, 4)),
    ("ReLU()", (3, 4)),
    ("ReLU6()", (3, 4)),
    ("RReLU()", (3, 4)),
    ("Hardtanh(-0.5, 0.7)", (3, 4)),
    ("Sigmoid()", (3, 4)),
    ("Hardsigmoid()", (3, 4)),
    ("Tanh()", (3, 4)),
    ("SiLU()", (3, 4)),
    ("Mish()", (3, 4)),
    ("Hardswish()", (3, 4)),
    ("ELU(0.7)", (3, 4)),
    ("CELU(0.7)", (3, 4)),
    ("SELU()", (3, 4)),
    ("GLU(0)", (4, 3)),
    ("GELU()", (3, 4)),
    ("GELU(approximate='tanh')", (3, 4)),
    ("Hardshrink()", (3, 4)),
    ("LeakyReLU(0.2)", (3, 4)),
    ("LogSigmoid()", (3, 4)),
    ("Softplus(2.0, 3.0)", (3, 4)),
    ("Softshrink(0.3)", (3, 4)),
    ("PReLU()", (3, 4)),
    ("PReLU(4, init=0.1)", (3, 4, 2)),
    ("Softsign()", (3, 4)),
    ("Tanhshrink()", (3, 4)),
    ("Softmin(1)", (3, 4)),
    ("Softmax(1)", (3, 4)),
    ("Softmax2d()", (2, 3, 4, 4)),
    ("LogSoftmax(0)", (3, 4)),
    ("Dropout(0.4)", (6, 8)),
    ("Dropout1d(0.4)", (6, 8, 3)),
    ("Dropout2d(0.4)", (6, 8, 3, 3)),
    ("Dropout3d(0.4)", (6, 8, 3, 3, 2)),
    ("AlphaDropout(0.4)", (6, 8)),
    ("FeatureAlphaDropout(0.4)", (6, 8, 3)),
    ("Flatten()", (2, 3, 4)),
    ("Flatten(0, 1)", (2, 3, 4)),
    ("Unflatten(1, (2, -1))", (2, 6, 3)),
    ("Fold((4, 5), 2, padding=1)", (2, 12, 30)),
    ("Unfold((2, 3), stride=2)", (2, 3, 6, 7)),
    ("PixelShuffle(2)", (2, 8, 3, 4)),
    ("PixelUnshuffle(2)", (2, 2, 6, 8)),
    ("ChannelShuffle(2)", (2, 6, 3)),
    ("Upsample(scale_factor=2)", (2, 3, 4, 5)),
    ("Upsample(size=(7, 6), mode='bilinear', align_corners=True)", (2, 3, 4, 5)),
    ("UpsamplingNearest2d(scale_factor=2)", (2, 3, 4, 5)),
    ("UpsamplingBilinear2d(size=(7, 6))", (2, 3, 4, 5)),
    *[(f"CircularPad{d}d(1)", (2, 3, *range(3, 3 + d))) for d in (1, 2, 3)],
    *[(f"ConstantPad{d}d(1, 2.5)", (2, 3, *range(3, 3 + d))) for d in (1, 2, 3)],
    *[(f"ReflectionPad{d}d(1)", (2, 3, *range(3, 3 + d))) for d in (1, 2, 3)],
    *[(f"ReplicationPad{d}d(2)", (2, 3, *range(3, 3 + d))) for d in (1, 2, 3)],
    *[(f"ZeroPad{d}d({tuple(range(2 * d))})", (2, 3, *range(3, 3 + d))) for d in (1, 2, 3)],
    ("Embedding(6, 3)", INDICES),
    ("Embedding(6, 3, padding_idx=-2, scale_grad_by_freq=True)", INDICES),
    ("Embedding(6, 3, max_norm=0.5, norm_type=1.0)", INDICES),
    ("EmbeddingBag(6, 3)", INDICES),
    ("EmbeddingBag(6, 3, mode='sum', padding_idx=1)", INDICES),
    ("EmbeddingBag(6, 3, mode='max')", INDICES),
    ("PairwiseDistance(keepdim=True)", (3, 4), (3, 4)),
    ("CosineSimilarity()", (3, 4), (3, 4)),
    ("L1Loss()", (3, 4), (3, 4)),
    ("MSELoss(reduction='sum')", (3, 4), (3, 4)),
    ("SmoothL1Loss(beta=0.5)", (3, 4), (3, 4)),
    ("HuberLoss(delta=0.5)", (3, 4), (3, 4)),
    ("CrossEntropyLoss(label_smoothing=0.1)", (3, 4), CLASSES),
    ("LinearCrossEntropyLoss(5, 4)", (3, 5), CLASSES),
    ("NLLLoss(reduction='none')", (3, 4), CLASSES),
    ("PoissonNLLLoss(full=True)", (3, 4), np.arange(12.0).reshape(3, 4)),
    ("GaussianNLLLoss(full=True)", (3, 4), (3, 4), np.full((3, 4), 0.5)),
    ("KLDivLoss(reduction='batchmean', log_target=True)", (3, 4), (3, 4)),
    ("BCELoss()", np.linspace(0.1, 0.9, 12).reshape(3, 4), np.eye(3, 4)),
    ("BCEWithLogitsLoss()", (3, 4), np.eye(3, 4)),
    ("HingeEmbeddingLoss(0.5)", (3,), ONES),
    ("SoftMarginLoss()", (3,), ONES),
    ("MultiLabelMarginLoss()", (3, 4), np.array([[3, 0, -1, 1], [1, -1, 0, 0], [0, 1, 2, 3]])),
    ("MultiLabelSoftMarginLoss()", (3, 4), np.eye(3, 4)),
    ("MultiMarginLoss(p=2)", (3, 4), CLASSES),
    ("MarginRankingLoss(0.5)", (3,), (3,), ONES),
    ("CosineEmbeddingLoss(0.1)", (3, 4), (3, 4), ONES),
    ("TripletMarginLoss(swap=True)", (3, 4), (3, 4), (3, 4)),
    ("TripletMarginWithDistanceLoss()", (3, 4), (3, 4), (3, 4)),
    ("AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0)", (5, 8), np.array([0, 4, 11, 2, 8])),
    ("RNN(3, 4)", (5, 2, 3)),
    ("RNN(3, 4, 2, 'relu', batch_first=True, bidirectional=True)", (2, 5, 3)),
    ("GRU(3, 4, num_layers=2, dropout=0.5)", (5, 2, 3)),
    ("GRU(3, 4, bias=False)", (5, 3)),
    ("LSTM(3, 4, num_layers=2, bidirectional=True)", (5, 2, 3)),
    ("LSTM(3, 4, batch_first=True, proj_size=2)", (2, 5, 3)),
    ("RNNCell(3, 4)", (2, 3)),
    ("RNNCell(3, 4, nonlinearity='relu', bias=False)", (3,)),
    ("GRUCell(3, 4)", (2, 3), (2, 4)),
    ("LSTMCell(3, 4)", (2, 3)),
    ("MultiheadAttention(8, 2)", *[(5, 3, 8)] * 3),
    ("MultiheadAttention(8, 4, bias=False, batch_first=True, kdim=6, vdim=4)", (3, 5, 8), (3, 2, 6), (3, 2, 4)),
    ("MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)", *[(5, 8)] * 3),
    ("TransformerEncoderLayer(8, 2, 16, dropout=0.3)", (5, 3, 8)),
    ("TransformerEncoderLayer(8, 2, 16, activation='gelu', norm_first=True, batch_first=True)", (3, 5, 8), TRIANGLE),
    ("TransformerDecoderLayer(8, 2, 16, dropout=0.0, bias=False)", (5, 3, 8), (4, 3, 8)),
    ("Transformer(8, 2, 1, 1, 16, dropout=0.1)", (5, 3, 8), (4, 3, 8)),
]  # fmt: skip

# Modules with arguments that are modules or tensors, tested further below.
ELSEWHERE = {
    "CTCLoss", "Container", "CrossMapLRN2d", "DataParallel", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Module", "ModuleDict",
    "ModuleList", "NLLLoss2d", "ParameterDict", "ParameterList", "RNNBase", "RNNCellBase", "Sequential",
    "TransformerDecoder", "TransformerEncoder",
}  # fmt: skip


def make(framework, constructor):
    """The module that ``constructor`` describes, of ``framework``, after seeding."""
    framework.manual_seed(0)
    return eval(constructor, vars(framework.nn).copy())


def tensors(framework, arguments, seed=0):
    """The inputs of a case: float64 leaves for shapes, plain tensors for arrays."""
    rng = np.random.default_rng(seed)
    made = []
    for argument in arguments:
        if isinstance(argument, tuple):
            tensor = framework.from_numpy(rng.standard_normal(argument)).clone().requires_grad_(True)
        else:
            tensor = framework.from_numpy(argument.copy())
        made.append(tensor)
    return made


def arrays(value):
    """All tensors in nested results, as arrays."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [array for item in value for array in arrays(item)]
    return [value.detach().numpy()]


def states(module):
    return {name: value.detach().numpy() for name, value in module.state_dict().items()}


def assert_same_state(ours, theirs, exact=True):
    assert list(states(ours)) == list(states(theirs))
    for name, value in states(theirs).items():
        if exact:
            np.testing.assert_array_equal(states(ours)[name], value, err_msg=name)
        else:
            np.testing.assert_allclose(states(ours)[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def run(framework, module, arguments):
    """Results, gradients of inputs and of parameters, of the sum of all results times fixed numbers."""
    inputs = tensors(framework, arguments)
    framework.manual_seed(1)
    outputs = module(*inputs)
    flat = outputs if isinstance(outputs, tuple) else (outputs,)
    flat = [part for item in flat for part in (item if isinstance(item, tuple) else (item,)) if part is not None]
    loss = sum(
        (part * framework.arange(part.numel(), dtype=framework.float64).reshape(part.shape).cos()).sum()
        for part in flat
        if part.requires_grad
    )
    if not isinstance(loss, int):
        loss.backward()
    grads = [t.grad for t in [*inputs, *module.parameters()]]
    return arrays(outputs), [None if g is None else g.detach().numpy() for g in grads]


def assert_close(ours, theirs, rtol=1e-9):
    assert len(ours) == len(theirs)
    for mine, reference in zip(ours, theirs, strict=True):
        assert (mine is None) == (reference is None)
        if reference is not None:
            np.testing.assert_allclose(mine, reference, rtol=rtol, atol=1e-12)


SINGLE = frozenset(("Hardsigmoid()", "CELU(0.7)"))
"""Whose constants (1/6, 1/alpha) PyTorch rounds to float32 in float64 kernels; the next test holds Ingot's to the exact ones."""


def test_constants_are_not_rounded_to_float32():
    x = ingot.tensor([-0.5], dtype=ingot.float64, requires_grad=True)
    (slope,) = ingot.autograd.grad(ingot.nn.Hardsigmoid()(x), x)
    assert slope.item() == 1 / 6
    celu = ingot.nn.CELU(0.7)(x)
    (slope,) = ingot.autograd.grad(celu, x)
    assert celu.item() == pytest.approx(0.7 * np.expm1(-0.5 / 0.7), rel=1e-15)
    assert slope.item() == pytest.approx(np.exp(-0.5 / 0.7), rel=1e-15)


# What PyTorch says of its own kernels.
@pytest.mark.filterwarnings("ignore:Using padding='same'", "ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_module_is_torchs(case):
    constructor, *arguments = case
    ours, theirs = make(ingot, constructor), make(torch, constructor)
    if "Lazy" in constructor:
        # In evaluation, so that no running statistic has a rounding in it yet.
        for framework, module in ((ingot, ours), (torch, theirs)):
            framework.manual_seed(0)
            module.eval()(*[t.detach().float() for t in tensors(framework, arguments)])
            module.train()
    assert repr(ours) == repr(theirs)
    assert_same_state(ours, theirs)
    assert [p.requires_grad for p in ours.parameters()] == [p.requires_grad for p in theirs.parameters()]
    for training in (True, False):
        ours.double().train(training)
        theirs.double().train(training)
        for mine, reference in zip(run(ingot, ours, arguments), run(torch, theirs, arguments), strict=True):
            assert_close(mine, reference, 1e-7 if constructor in SINGLE else 1e-9)
        ours.zero_grad()
        theirs.zero_grad()
    assert_same_state(ours, theirs, exact=False)


def test_every_module_of_torch_is_here():
    names = {
        name
        for name, value in vars(torch.nn).items()
        if inspect.isclass(value) and issubclass(value, torch.nn.Module) and not name.startswith("_")
    }
    assert {name for name in names if not hasattr(ingot.nn, name)} == set()
    tested = {re.match(r"\w+", case[0]).group() for case in CASES} | ELSEWHERE
    assert names == tested


def test_signatures_are_torchs():
    for case in CASES:
        name = re.match(r"\w+", case[0]).group()
        # PyTorch hides the arguments of recurrent layers behind *args.
        if name in ("RNN", "GRU", "LSTM", "Identity"):
            continue
        ours, theirs = (
            {p.name: (p.default if isinstance(p.default, int | float | str | None) else "...") for p in params}
            for params in (
                inspect.signature(framework.nn.__dict__[name].__init__).parameters.values()
                for framework in (ingot, torch)
            )
        )
        assert list(ours) == list(theirs), name
        assert {k: v for k, v in ours.items() if v is not inspect.Parameter.empty} == {
            k: v for k, v in theirs.items() if v is not inspect.Parameter.empty
        }, name
