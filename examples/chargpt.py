"""A small GPT that learns English letter by letter: causal attention, layer norm, AdamW, a cosine schedule, gradient clipping.

    python examples/chargpt.py
    python examples/chargpt.py --framework torch

The text is the language reference that every Python installation carries (``pydoc_data.topics``). At the end the model writes some of its own.
"""

from __future__ import annotations

import math
from pydoc_data.topics import topics

from training import Log, options

CONTEXT, WIDTH, HEADS, LAYERS = 64, 64, 4, 2


def gpt(torch, symbols: int):
    """Token indices (batch, time) to scores of the next token (batch, time, symbols): a decoder with pre-normalised blocks, after GPT-2."""
    nn, F = torch.nn, torch.nn.functional

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.project = nn.Linear(WIDTH, 3 * WIDTH)
            self.output = nn.Linear(WIDTH, WIDTH)
            self.dropout = nn.Dropout(0.1)

        def forward(self, x):
            batch, time, width = x.shape
            heads = self.project(x).view(batch, time, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
            query, key, value = heads.unbind(0)
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
            return self.dropout(self.output(mixed.transpose(1, 2).reshape(batch, time, width)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attention = Attention()
            self.mlp = nn.Sequential(
                nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH), nn.Dropout(0.1)
            )

        def forward(self, x):
            x = x + self.attention(self.first(x))
            return x + self.mlp(self.second(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(symbols, WIDTH), nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, symbols, bias=False)
            for parameter in self.parameters():
                if parameter.dim() > 1:
                    nn.init.normal_(parameter, std=0.02)

        def forward(self, tokens):
            x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    return GPT()


def write(torch, model, alphabet: str, length: int) -> str:
    """Text drawn letter by letter from the model's own distribution."""
    model.eval()
    tokens = torch.zeros(1, 1, dtype=torch.int64)
    with torch.no_grad():
        for _ in range(length):
            scores = model(tokens[:, -CONTEXT:])[:, -1]
            tokens = torch.cat([tokens, torch.multinomial(torch.softmax(scores, -1), 1)], 1)
    return "".join(alphabet[i] for i in tokens[0].tolist())


def main() -> None:
    given = options(__doc__.splitlines()[0], steps=300, batch=16)
    torch, nn = given.torch, given.torch.nn
    text = "\n".join(topics[name] for name in sorted(topics))
    alphabet = "".join(sorted(set(text)))
    place = {letter: i for i, letter in enumerate(alphabet)}
    tokens = torch.tensor([place[letter] for letter in text])

    model = gpt(torch, len(alphabet))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.95), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, given.steps, eta_min=2e-4)
    log = Log(given, "chargpt", "tokens", given.batch * CONTEXT)
    for _ in range(given.steps):
        starts = torch.randint(len(tokens) - CONTEXT - 1, (given.batch,)).tolist()
        inputs = torch.stack([tokens[start : start + CONTEXT] for start in starts])
        targets = torch.stack([tokens[start + 1 : start + CONTEXT + 1] for start in starts])
        loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        log.step(loss.item())
    last = log.losses[-20:]
    log.finish(bits_per_letter=sum(last) / len(last) / math.log(2))
    print(f"\n{write(torch, model, alphabet, 160)}")


if __name__ == "__main__":
    main()
