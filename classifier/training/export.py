"""The encoder as an ONNX file for ONNX Runtime: weights in eight bits, and what each token adds to each label.

The graph is made of ONNX Runtime's own operators, one for a whole attention: they read a comment in about half the time
of a graph that is traced from PyTorch and quantised afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from classifier.labels import LABELS

Floats = NDArray[np.float32]

RUNTIME: Final = "com.microsoft"
EPSILON: Final = 1e-12


def export(weights: dict[str, Floats], heads: int, file: Path) -> None:
    """Write the encoder whose `weights` have the names of `encoder.Encoder`'s state to `file`.

    It takes `ids` (1, tokens) and gives `tokens` (1, tokens, labels), what each token adds to the log-odds; their sum
    plus the bias in the file's metadata is the log-odds of the text. `embedding` (1, 2 × hidden) is what the head
    reads: the mean of the last states and the state of the first token.
    """
    onnx.save(_Graph(weights).encoder(heads), file)


class _Graph:
    """Collects nodes and constants."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def node(
        self, kind: str, inputs: list[str], domain: str = "", outputs: int = 1, **attributes: Any
    ) -> Any:
        """Add an operator; return the name of its output, or the names of several."""
        names = [f"{kind}_{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant; return its name."""
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, name: str) -> str:
        """Add one of the encoder's weights as it is."""
        return self.constant(name, self.weights[name])

    def eight_bits(self, name: str, matrix: Floats) -> tuple[str, str, str]:
        """Add a matrix (in, out) as integers, a scale for each column, and zeros; return the three names."""
        scale = np.maximum(np.abs(matrix).max(axis=0), 1e-8) / np.float32(127)
        return (
            self.constant(name, np.round(matrix / scale).astype(np.int8)),
            self.constant(f"{name}.scale", scale.astype(np.float32)),
            self.constant(f"{name}.zero", np.zeros(matrix.shape[1], np.int8)),
        )

    def linear(self, x: str, name: str) -> str:
        """Multiply by a linear step's matrix in eight bits and add its bias."""
        matrix, scale, zero = self.eight_bits(f"{name}.weight", self.weights[f"{name}.weight"].T)
        inputs = [x, matrix, scale, zero, self.weight(f"{name}.bias")]
        return str(self.node("DynamicQuantizeMatMul", inputs, RUNTIME))

    def normalised(self, x: str, norm: str) -> str:
        """Normalise states."""
        inputs = [x, self.weight(f"{norm}.weight"), self.weight(f"{norm}.bias")]
        return str(self.node("LayerNormalization", inputs, axis=-1, epsilon=EPSILON))

    def attention(self, x: str, layer: str, heads: int) -> str:
        """Let every token look at all tokens."""
        three = [f"{layer}.{name}" for name in ("query", "key", "value")]
        joined = np.concatenate([self.weights[f"{one}.weight"].T for one in three], axis=1)
        matrix, scale, zero = self.eight_bits(f"{layer}.attention", joined)
        bias = np.concatenate([self.weights[f"{one}.bias"] for one in three])
        small, its_scale, its_zero = self.node("DynamicQuantizeLinear", [x], outputs=3)
        inputs = [
            small,
            matrix,
            self.constant(f"{layer}.attention.bias", bias),
            its_scale,
            scale,
            "",
            its_zero,
            zero,
        ]
        return str(self.node("QAttention", inputs, RUNTIME, num_heads=heads))

    def layer(self, x: str, layer: str, heads: int) -> str:
        """Add one transformer layer."""
        mixed = self.linear(self.attention(x, layer, heads), f"{layer}.out")
        x = self.normalised(self.node("Add", [x, mixed]), f"{layer}.out_norm")
        inner = self.node("Gelu", [self.linear(x, f"{layer}.up")], approximate="tanh")
        return self.normalised(self.node("Add", [x, self.linear(inner, f"{layer}.down")]), f"{layer}.norm")

    def embedded(self) -> str:
        """Look the tokens up: words in eight bits a row, and positions."""
        words = self.weights["word.weight"]
        scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-8) / np.float32(127)
        rows = self.node(
            "Gather", [self.constant("word.weight", np.round(words / scale).astype(np.int8)), "ids"]
        )
        scales = self.node("Gather", [self.constant("word.scale", scale.astype(np.float32)), "ids"])
        found = self.node("Mul", [self.node("Cast", [rows], to=TensorProto.FLOAT), scales])
        count = self.node("Shape", ["ids"], start=1, end=2)
        positions = self.node(
            "Slice",
            [
                self.constant("position.weight", self.weights["position.weight"] + self.weights["kind"]),
                self.constant("zero", np.zeros(1, np.int64)),
                count,
            ],
        )
        return self.normalised(self.node("Add", [found, positions]), "norm")

    def encoder(self, heads: int) -> Any:
        """Return the whole model."""
        x = self.embedded()
        depth = 0
        while f"layers.{depth}.up.weight" in self.weights:
            x = self.layer(x, f"layers.{depth}", heads)
            depth += 1
        self.head(x)
        hidden = self.weights["norm.weight"].size
        shapes = {"embedding": [1, 2 * hidden], "tokens": [1, "tokens", len(LABELS)]}
        graph = helper.make_graph(
            self.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
            list(self.constants.values()),
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(RUNTIME, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        bias = ",".join(f"{each:.9g}" for each in self.weights["head.bias"].tolist())
        helper.set_model_props(model, {"labels": ",".join(LABELS), "bias": bias})
        return model

    def head(self, x: str) -> None:
        """Add the head, in 32 bits, shared out over the tokens: rounding here would go straight into the scores."""
        weight = self.weights["head.weight"]
        hidden = weight.shape[1] // 2
        one, zero = self.constant("one", np.ones(1, np.int64)), "zero"
        mean = self.node("ReduceMean", [x, one], keepdims=1)
        first = self.node("Slice", [x, zero, one, one])
        self.nodes.append(
            helper.make_node(
                "Reshape",
                [
                    self.node("Concat", [mean, first], axis=2),
                    self.constant("flat", np.array([1, -1], np.int64)),
                ],
                ["embedding"],
            )
        )
        of_mean = self.node("MatMul", [x, self.constant("head.mean", weight[:, :hidden].T)])
        count = self.node("Cast", [self.node("Shape", ["ids"], start=1, end=2)], to=TensorProto.FLOAT)
        shared = self.node("Div", [of_mean, count])
        of_first = self.node("MatMul", [first, self.constant("head.first", weight[:, hidden:].T)])
        rest = self.node("Slice", [shared, one, self.constant("end", np.array([1 << 30], np.int64)), one])
        begin = self.node("Add", [self.node("Slice", [shared, zero, one, one]), of_first])
        self.nodes.append(helper.make_node("Concat", [begin, rest], ["tokens"], axis=1))
