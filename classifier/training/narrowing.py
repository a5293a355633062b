"""A narrower encoder out of a wide one, for speed: fewer attention heads and inner units, refitted, then distilled.

Each layer keeps the heads and units that say most; a least-squares fit makes what is left reproduce the wide layer's
output on the states that the narrow one really sees. Distilling then brings states and log-odds closer. Two thirds of
the heads and two fifths of the units read a comment in little more than half the time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from classifier.training.examples import Examples, batched, halves_help, padded
from classifier.training.transformer import HEAD, Encoder, Layer

HEADS: Final = 8
INNER: Final = 640
PROBED: Final = 1_500
"""Texts on whose states the layers are refitted."""
RIDGE: Final = 1e-3
RATE, HEAD_RATE, WARM_UP = 2e-4, 2.5, 0.04
STATES, LOG_ODDS, LABELLED = 3.0, 1.0, 0.3
"""What the distance from the wide encoder's states counts, from its log-odds, and from the labels."""
LOUDEST: Final = 9.0
STEPS: Final = 2_700
"""Batches to learn from: 86,400 comments."""

Batch = tuple[torch.Tensor, torch.Tensor]


def narrowed(wide: Encoder, ids: list[NDArray[np.int64]], seed: int) -> Encoder:
    """Return a narrow encoder that nearly says what `wide` does, refitted on the states of some of the texts."""
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(ids))[:PROBED]
    some = some[np.argsort([len(ids[row]) for row in some.tolist()], kind="stable")]
    batches = [padded([ids[row] for row in some[at : at + 50].tolist()]) for at in range(0, len(some), 50)]
    narrow = Encoder(heads=HEADS, inner=INNER)
    with torch.no_grad():
        for name in ("word", "position", "norm", "head"):
            getattr(narrow, name).load_state_dict(getattr(wide, name).state_dict())
        narrow.kind.copy_(wide.kind)
        theirs = [wide.embedded(numbers) for numbers, _ in batches]
        ours = [states.clone() for states in theirs]
        for from_layer, to_layer in zip(wide.layers, narrow.layers, strict=True):
            theirs, ours = _refit(from_layer, to_layer, theirs, ours, batches)
    return narrow


def _refit(
    wide: Layer, narrow: Layer, theirs: list[torch.Tensor], ours: list[torch.Tensor], batches: list[Batch]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Fill a narrow layer from the wide one; return the states behind both."""
    kept = [mask.bool() for _, mask in batches]
    masks = [Encoder.hidden(mask) for _, mask in batches]
    mixed = [wide.mixed(x, mask) for x, mask in zip(theirs, masks, strict=True)]
    columns = _columns(_heads(_flat(mixed, kept), wide.out))
    for name in ("query", "key", "value"):
        getattr(narrow, name).weight.copy_(getattr(wide, name).weight[columns])
        getattr(narrow, name).bias.copy_(getattr(wide, name).bias[columns])
    fewer = [narrow.mixed(x, mask) for x, mask in zip(ours, masks, strict=True)]
    _fit(narrow.out, _flat(fewer, kept), wide.out(_flat(mixed, kept)))
    narrow.out_norm.load_state_dict(wide.out_norm.state_dict())
    theirs = [wide.out_norm(x + wide.out(one)) for x, one in zip(theirs, mixed, strict=True)]
    ours = [narrow.out_norm(x + narrow.out(one)) for x, one in zip(ours, fewer, strict=True)]
    inner = _flat([wide.inner(x) for x in theirs], kept)
    loudest = torch.argsort(inner.std(0) * wide.down.weight.norm(dim=0), descending=True)[:INNER]
    narrow.up.weight.copy_(wide.up.weight[loudest])
    narrow.up.bias.copy_(wide.up.bias[loudest])
    _fit(narrow.down, _flat([narrow.inner(x) for x in ours], kept), wide.down(inner))
    narrow.norm.load_state_dict(wide.norm.state_dict())
    return (
        [wide.norm(x + wide.down(wide.inner(x))) for x in theirs],
        [narrow.norm(x + narrow.down(narrow.inner(x))) for x in ours],
    )


def _heads(mixed: torch.Tensor, out: nn.Linear, rows: int = 12_000) -> list[int]:
    """Leave out one head after the other, each time the one that the others make up for best."""
    some = mixed[torch.randperm(len(mixed))[:rows]]
    wanted = out(some)
    left = list(range(mixed.shape[1] // HEAD))
    while len(left) > HEADS:
        errors = []
        for head in left:
            columns = some[:, _columns([one for one in left if one != head])]
            weight, bias = _solved(columns, wanted)
            errors.append(float(((columns @ weight + bias - wanted) ** 2).sum()))
        left.pop(int(np.argmin(errors)))
    return left


def _columns(heads: list[int]) -> torch.Tensor:
    return torch.cat([torch.arange(head * HEAD, (head + 1) * HEAD) for head in heads])


def _flat(states: list[torch.Tensor], kept: list[torch.Tensor]) -> torch.Tensor:
    """Return the states of all tokens that are no padding, (tokens, width)."""
    return torch.cat([one[some] for one, some in zip(states, kept, strict=True)])


def _fit(linear: nn.Linear, given: torch.Tensor, wanted: torch.Tensor) -> None:
    """Let a linear step turn what is given into what is wanted, as nearly as it can."""
    weight, bias = _solved(given, wanted)
    linear.weight.copy_(weight.T)
    linear.bias.copy_(bias)


def _solved(given: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight (in, out) and bias of the least-squares fit."""
    rows = torch.cat([given, torch.ones(len(given), 1)], 1).double()
    gram = rows.T @ rows
    gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    found = torch.linalg.solve(gram, rows.T @ wanted.double()).float()
    return found[:-1], found[-1]


def distil(
    narrow: Encoder,
    wide: Encoder,
    learnt: Examples,
    ids: list[NDArray[np.int64]],
    seed: int,
    quiet: bool = False,
) -> None:
    """Teach the narrow encoder the wide one's states and log-odds, and the labels a little."""
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    batches = batched([len(each) for each in ids], np.random.default_rng(seed + 1))[:STEPS]
    narrow.requires_grad_()
    for fixed in (narrow.word, narrow.position):
        fixed.requires_grad_(requires_grad=False)
    narrow.kind.requires_grad_(requires_grad=False)
    of_head = set(narrow.head.parameters())
    rest = [one for one in narrow.parameters() if one.requires_grad and one not in of_head]
    optimizer = torch.optim.AdamW(
        [{"params": rest, "lr": RATE}, {"params": list(of_head), "lr": RATE * HEAD_RATE}],
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    rates, warm = [group["lr"] for group in optimizer.param_groups], int(WARM_UP * len(batches))
    wide.eval()
    narrow.eval()  # without dropout: the wide one's answers are exact
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), TimeRemainingColumn(), disable=quiet
    ) as bar:
        for step, rows in enumerate(bar.track(batches, description="distilling")):
            share = step / warm if step < warm else (len(batches) - step) / (len(batches) - warm)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            loss = _loss(narrow, wide, [ids[row] for row in rows], learnt, rows)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(narrow.parameters(), 1.0)
            optimizer.step()


def _loss(
    narrow: Encoder, wide: Encoder, ids: list[NDArray[np.int64]], learnt: Examples, rows: NDArray[np.int64]
) -> torch.Tensor:
    numbers, mask = padded(ids)
    kept = mask.bool()
    with torch.autocast("cpu", torch.bfloat16, enabled=halves_help()):
        with torch.no_grad():
            theirs = wide.all_states(numbers, mask)
            said = wide.log_odds(theirs[-1], mask).float().clamp(-LOUDEST, LOUDEST)
        ours = narrow.all_states(numbers, mask)
        log_odds = narrow.log_odds(ours[-1], mask).float()
    apart = torch.stack(
        [
            functional.mse_loss(one[kept].float(), other[kept].float())
            for one, other in zip(ours, theirs, strict=True)
        ]
    ).mean()
    labelled = learnt.cross_entropy(log_odds, rows)
    return STATES * apart + LOG_ODDS * functional.smooth_l1_loss(log_odds, said) + LABELLED * labelled
