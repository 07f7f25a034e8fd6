"""Packed sequences, layers that take them, and layers made of layers, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ingot

from .test_layers import arrays, assert_close, assert_same_state, make

LENGTHS = [2, 5, 3, 5]


def sequences(framework, lengths=LENGTHS, features=3):
    rng = np.random.default_rng(0)
    return [framework.from_numpy(rng.standard_normal((length, features))).clone() for length in lengths]


def both(program):
    """The arrays in what the program returns, with both frameworks."""
    return [arrays(program(framework)) for framework in (ingot, torch)]


PACKING = {
    "pad": lambda fw: fw.nn.utils.rnn.pad_sequence(sequences(fw)),
    "pad_left": lambda fw: fw.nn.utils.rnn.pad_sequence(sequences(fw), True, -1.0, padding_side="left"),
    "pack": lambda fw: fw.nn.utils.rnn.pack_sequence(sequences(fw), enforce_sorted=False),
    "pack_sorted": lambda fw: fw.nn.utils.rnn.pack_sequence(sequences(fw, [4, 2, 2])),
    "pack_padded": lambda fw: fw.nn.utils.rnn.pack_padded_sequence(
        fw.nn.utils.rnn.pad_sequence(sequences(fw), batch_first=True), LENGTHS, batch_first=True, enforce_sorted=False
    ),
    "pack_shorter": lambda fw: fw.nn.utils.rnn.pack_padded_sequence(
        fw.nn.utils.rnn.pad_sequence(sequences(fw)), fw.tensor([4, 3, 2, 1])
    ),
    "unpack": lambda fw: fw.nn.utils.rnn.unpack_sequence(
        fw.nn.utils.rnn.pack_sequence(sequences(fw), enforce_sorted=False)
    ),
    "pad_packed": lambda fw: fw.nn.utils.rnn.pad_packed_sequence(
        fw.nn.utils.rnn.pack_sequence(sequences(fw), enforce_sorted=False), padding_value=9.0, total_length=7
    ),
    "pad_packed_batch_first": lambda fw: fw.nn.utils.rnn.pad_packed_sequence(
        fw.nn.utils.rnn.pack_sequence(sequences(fw), enforce_sorted=False), batch_first=True
    ),
    "unpad": lambda fw: fw.nn.utils.rnn.unpad_sequence(fw.nn.utils.rnn.pad_sequence(sequences(fw)), fw.tensor(LENGTHS)),
    "cast": lambda fw: fw.nn.utils.rnn.pack_sequence(sequences(fw), enforce_sorted=False).float(),
    "invert": lambda fw: fw.nn.utils.rnn.invert_permutation(fw.tensor([2, 0, 3, 1])),
}


@pytest.mark.parametrize("name", PACKING)
def test_packing(name):
    ours, theirs = both(PACKING[name])
    assert_close(ours, theirs)
    assert [a.dtype for a in ours] == [a.dtype for a in theirs]


def test_gradients_pass_through_packing():
    def program(fw):
        given = [sequence.requires_grad_(True) for sequence in sequences(fw)]
        packed = fw.nn.utils.rnn.pack_sequence(given, enforce_sorted=False)
        padded, _ = fw.nn.utils.rnn.pad_packed_sequence(packed)
        (padded * fw.arange(padded.numel(), dtype=fw.float64).reshape(padded.shape)).sum().backward()
        return [sequence.grad for sequence in given]

    assert_close(*both(program))


BAD_PACKING = {
    "unsorted": lambda fw, rnn: rnn.pack_sequence(sequences(fw)),
    "zero": lambda fw, rnn: rnn.pack_padded_sequence(fw.ones(3, 2, 1), [2, 0]),
    "count": lambda fw, rnn: rnn.pack_padded_sequence(fw.ones(3, 2, 1), [2]),
    "padding_side": lambda fw, rnn: rnn.pad_sequence(sequences(fw), padding_side="top"),
    "no_iterable": lambda fw, rnn: rnn.pad_sequence(3),
    "nothing": lambda fw, rnn: rnn.pad_sequence([]),
    "total_length": lambda fw, rnn: rnn.pad_packed_sequence(rnn.pack_sequence(sequences(fw, [3, 2])), total_length=2),
}


@pytest.mark.parametrize("name", BAD_PACKING)
def test_bad_packing(name):
    raised = []
    for fw in (ingot, torch):
        with pytest.raises((RuntimeError, ValueError)) as caught:
            BAD_PACKING[name](fw, fw.nn.utils.rnn)
        raised.append(type(caught.value))
    assert raised[0] is raised[1]


RECURRENT = [
    "RNN(3, 4, bidirectional=True)",
    "GRU(3, 4, 2, bidirectional=True, dropout=0.4)",
    "LSTM(3, 4, 2, bidirectional=True)",
    "LSTM(3, 4, proj_size=2)",
]


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("constructor", RECURRENT)
def test_recurrent_layers_on_packed_sequences(constructor, with_state):
    def program(fw):
        layer = make(fw, constructor).double()
        given = [sequence.requires_grad_(True) for sequence in sequences(fw)]
        packed = fw.nn.utils.rnn.pack_sequence(given, enforce_sorted=False)
        state = None
        if with_state:
            rows = layer.num_layers * (2 if layer.bidirectional else 1)
            sizes = [layer.proj_size or 4, 4] if layer.mode == "LSTM" else [4]
            rng = np.random.default_rng(1)
            states = tuple(fw.from_numpy(rng.standard_normal((rows, 4, size))) for size in sizes)
            state = states if layer.mode == "LSTM" else states[0]
        fw.manual_seed(5)
        output, final = layer(packed, state)
        finals = final if isinstance(final, tuple) else (final,)
        weights = fw.arange(output.data.numel(), dtype=fw.float64).reshape(output.data.shape).cos()
        ((output.data * weights).sum() + sum(part.sum() for part in finals)).backward()
        return output, final, [s.grad for s in given], [p.grad for p in layer.parameters()]

    assert_close(*both(program))


BAD_RECURRENT = {
    "dims": lambda fw: fw.nn.LSTM(3, 4)(fw.ones(3)),
    "features": lambda fw: fw.nn.GRU(3, 4)(fw.ones(2, 2, 5)),
    "dtype": lambda fw: fw.nn.RNN(3, 4)(fw.ones(2, 2, 3, dtype=fw.float64)),
    "state": lambda fw: fw.nn.GRU(3, 4)(fw.ones(2, 2, 3), fw.ones(1, 3, 4)),
    "state_dims": lambda fw: fw.nn.GRU(3, 4)(fw.ones(2, 2, 3), fw.ones(2, 4)),
    "lstm_state": lambda fw: fw.nn.LSTM(3, 4)(fw.ones(2, 2, 3), (fw.ones(1, 2, 4), fw.ones(1, 2, 5))),
    "lstm_state_dims": lambda fw: fw.nn.LSTM(3, 4)(fw.ones(2, 3), (fw.ones(1, 2, 4), fw.ones(1, 4))),
    "cell_dims": lambda fw: fw.nn.LSTMCell(3, 4)(fw.ones(2, 2, 3)),
    "cell_state_dims": lambda fw: fw.nn.LSTMCell(3, 4)(fw.ones(2, 3), (fw.ones(2, 2, 4), fw.ones(2, 4))),
    "nonlinearity": lambda fw: fw.nn.RNN(3, 4, nonlinearity="sin"),
    "cell_nonlinearity": lambda fw: fw.nn.RNNCell(3, 4, nonlinearity="sin")(fw.ones(2, 3)),
    "dropout": lambda fw: fw.nn.GRU(3, 4, dropout=2),
    "bias": lambda fw: fw.nn.GRU(3, 4, bias=1),
    "hidden": lambda fw: fw.nn.GRU(3, 0),
    "projection": lambda fw: fw.nn.LSTM(3, 4, proj_size=4),
    "gru_projection": lambda fw: fw.nn.GRU(3, 4, proj_size=2),
    "mode": lambda fw: fw.nn.RNNBase("CNN", 3, 4),
}


@pytest.mark.parametrize("name", BAD_RECURRENT)
def test_bad_recurrent_input(name):
    raised = []
    for fw in (ingot, torch):
        with pytest.raises((RuntimeError, ValueError, TypeError)) as caught:
            BAD_RECURRENT[name](fw)
        raised.append((type(caught.value), str(caught.value)))
    assert raised[0] == raised[1]


def test_recurrent_weights_are_torchs():
    ours, theirs = (make(fw, "LSTM(3, 4, 2, bidirectional=True, proj_size=2)") for fw in (ingot, torch))
    assert ours._all_weights == theirs._all_weights
    assert [len(weights) for weights in ours.all_weights] == [len(weights) for weights in theirs.all_weights]
    assert ours.flatten_parameters() is None


STACKS = {
    "encoder": (
        "TransformerEncoder(TransformerEncoderLayer(8, 2, 16), 2, LayerNorm(8))",
        lambda fw, m, x, y: m(x, mask=fw.nn.Transformer.generate_square_subsequent_mask(5, dtype=x.dtype)),
    ),
    "encoder_padding": (
        "TransformerEncoder(TransformerEncoderLayer(8, 2, 16, dropout=0.0, norm_first=True), 2)",
        lambda fw, m, x, y: m(x, src_key_padding_mask=fw.arange(5) > fw.tensor([[4], [2], [3]])),
    ),
    "decoder": (
        "TransformerDecoder(TransformerDecoderLayer(8, 4, 16, norm_first=True), 2, LayerNorm(8))",
        lambda fw, m, x, y: m(x, y, tgt_mask=fw.ones(5, 5, dtype=fw.bool).triu(1)),
    ),
    "transformer": (
        "Transformer(8, 2, 2, 2, 16, batch_first=True, activation='gelu')",
        lambda fw, m, x, y: m(y, x, tgt_is_causal=False, src_key_padding_mask=fw.zeros(5, 4, dtype=fw.bool)),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings(
    "ignore:enable_nested_tensor is True"
)  # PyTorch's fast path, which says why it is not taken
@pytest.mark.parametrize("name", STACKS)
def test_transformer_stacks(name):
    constructor, call = STACKS[name]
    ours, theirs = make(ingot, constructor), make(torch, constructor)
    assert repr(ours) == repr(theirs)
    assert_same_state(ours, theirs)

    def program(fw):
        module = (ours if fw is ingot else theirs).double()
        rng = np.random.default_rng(0)
        x, y = (fw.from_numpy(rng.standard_normal((5 if i == 0 or name == "transformer" else 4, 3, 8))) for i in (0, 1))
        if name == "transformer":
            x, y = x[:, :2], fw.cat([y, y[:, :1]], 1)
        fw.manual_seed(2)
        output = call(fw, module, x, y)
        (output * fw.arange(output.numel(), dtype=fw.float64).reshape(output.shape).cos()).sum().backward()
        return output, [p.grad for p in module.parameters()]

    assert_close(*both(program), rtol=1e-8)


OTHERS = {
    "max_unpool1d": lambda fw, x: fw.nn.MaxUnpool1d(2)(*fw.nn.MaxPool1d(2, return_indices=True)(x(2, 3, 8))),
    "max_unpool2d": lambda fw, x: fw.nn.MaxUnpool2d(2, stride=1)(
        *fw.nn.MaxPool2d(2, 1, return_indices=True)(x(2, 3, 6, 5)), output_size=(6, 5)
    ),
    "max_unpool3d": lambda fw, x: fw.nn.MaxUnpool3d(2)(*fw.nn.MaxPool3d(2, return_indices=True)(x(2, 4, 4, 6))),
    "ctc": lambda fw, x: fw.nn.CTCLoss()(
        x(6, 2, 5).log_softmax(2), fw.tensor([[1, 2, 3], [4, 1, 0]]), fw.tensor([6, 5]), fw.tensor([3, 2])
    ),
    "transposed_size": lambda fw, x: make(fw, "ConvTranspose2d(3, 2, 3, stride=2)").double()(
        x(2, 3, 4, 4), output_size=(10, 9)
    ),
    "weighted_loss": lambda fw, x: fw.nn.CrossEntropyLoss(weight=fw.tensor([1.0, 2.0, 0.5], dtype=fw.float64))(
        x(2, 3), fw.tensor([2, 0])
    ),
    "pretrained": lambda fw, x: fw.nn.Embedding.from_pretrained(x(5, 3), padding_idx=1)(fw.tensor([1, 4])),
    "pretrained_bag": lambda fw, x: fw.nn.EmbeddingBag.from_pretrained(x(5, 3), mode="sum")(
        fw.tensor([1, 4, 2]), fw.tensor([0, 2]), fw.tensor([0.5, 1.0, 2.0], dtype=fw.float64)
    ),
    "sync": lambda fw, x: fw.nn.SyncBatchNorm.convert_sync_batchnorm(
        fw.nn.Sequential(fw.nn.BatchNorm1d(3), fw.nn.Tanh())
    ).double()(x(4, 3)),
    "log_prob": lambda fw, x: make(fw, "AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0, head_bias=True)").double().log_prob(x(4, 8)),
    "predict": lambda fw, x: make(fw, "AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0)").double().predict(30 * x(9, 8)),
    "one_sample": lambda fw, x: make(fw, "AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], 2.0)").double()(x(8), fw.tensor(5)),
    "data_parallel": lambda fw, x: make(fw, "DataParallel(Linear(3, 2))").double()(x(4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_uses(name):
    def program(fw):
        rng = np.random.default_rng(0)
        return OTHERS[name](fw, lambda *shape: fw.from_numpy(rng.standard_normal(shape)).clone())

    assert_close(*both(program))


def test_cross_map_normalization_is_local_response_normalization():
    # PyTorch's CrossMapLRN2d keeps the first channel in every window, and its gradient fails PyTorch's own gradcheck.
    x = ingot.from_numpy(np.random.default_rng(0).standard_normal((2, 6, 3, 3))).requires_grad_(True)
    ours = ingot.nn.CrossMapLRN2d(3, alpha=0.1, k=2)
    np.testing.assert_array_equal(
        ours(x).detach().numpy(), ingot.nn.LocalResponseNorm(3, alpha=0.1, k=2)(x).detach().numpy()
    )
    assert repr(ours) == repr(torch.nn.CrossMapLRN2d(3, alpha=0.1, k=2))
    with pytest.raises(ValueError, match="Expected input to be 4D, got 3D"):
        ours(x[0])


def test_a_batch_split_over_devices_is_the_batch():
    from ingot.nn.parallel import data_parallel, gather, scatter

    model = make(ingot, "Linear(3, 2)").double()
    x = ingot.from_numpy(np.random.default_rng(0).standard_normal((5, 3)))
    split = data_parallel(model, (x,), ["cpu", "cpu"])
    split.sum().backward()
    grads = arrays([p.grad for p in model.parameters()])
    model.zero_grad()
    whole = model(x)
    whole.sum().backward()
    assert_close(arrays([split]), arrays([whole]))
    assert_close(grads, arrays([p.grad for p in model.parameters()]))
    parts = scatter({"a": x, "b": [(x, None)]}, ["cpu"] * 3)
    assert [part["a"].shape[0] for part in parts] == [2, 2, 1]
    assert_close(arrays([gather(parts, "cpu")["a"]]), arrays([x]))
    assert tuple(gather([ingot.tensor(1.0), ingot.tensor(2.0)], "cpu").shape) == (2,)
