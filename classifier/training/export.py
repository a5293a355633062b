"""The encoder as an ONNX file: int8 weights, and what each token adds to each label as a second output."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from classifier.labels import LABELS

if TYPE_CHECKING:
    from classifier.training.encoder import Encoder


class _Exported(nn.Module):
    """What the file computes: the embedding, and the log-odds shared out over tokens (their sum plus the bias)."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        words = encoder.word.weight.detach()
        scale = words.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("words", torch.round(words / scale).to(torch.int8))
        self.register_buffer("scale", scale)
        self.hidden = words.shape[1]

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        encoder = self.encoder
        words = self.words[ids].float() * self.scale[ids]
        positions = encoder.position.weight[torch.arange(ids.shape[1])]
        x = encoder.norm(words + positions + encoder.kind)
        hidden = ((mask - 1) * 1e4)[:, None, None, :]
        for layer in encoder.layers:
            x = layer(x, hidden)
        share = (mask / mask.sum(1, keepdim=True))[..., None]
        mean = (x * share).sum(1)
        of_mean, of_first = encoder.head.weight[:, : self.hidden], encoder.head.weight[:, self.hidden :]
        first = _in_first_place(x[:, :1] @ of_first.T, ids.shape[1])
        return torch.cat([mean, x[:, 0]], 1), (x @ of_mean.T) * share + first


def _in_first_place(first: torch.Tensor, tokens: int) -> torch.Tensor:
    """Put the first token's own part in the first place, and nothing in the others: (texts, tokens, labels)."""
    place = (torch.arange(tokens) == 0).to(first.dtype)[None, :, None]
    return first * place


def export(encoder: Encoder, file: Path) -> None:
    """Write the encoder to `file`: embeddings in eight bits a row, matrices in eight bits a column."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    ids = torch.randint(1000, 20000, (2, 12))
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        torch.onnx.export(
            _Exported(encoder).eval(),
            (ids, torch.ones(2, 12)),
            str(full),
            input_names=["ids", "mask"],
            output_names=["embedding", "tokens"],
            dynamic_axes={
                "ids": {0: "texts", 1: "width"},
                "mask": {0: "texts", 1: "width"},
                "embedding": {0: "texts"},
                "tokens": {0: "texts", 1: "width"},
            },
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            full, file, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"]
        )
    model = onnx.load(file)
    bias = encoder.head.bias.detach().tolist()
    for key, value in (("labels", ",".join(LABELS)), ("bias", ",".join(f"{each:.9g}" for each in bias))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, file)
