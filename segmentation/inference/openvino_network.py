"""A network compiled by OpenVINO for a processor: faster, and not the same to the last bit.

Its sums are taken in another order than torch's, so that a voxel of which two classes are almost
equally likely may fall to the other one. It is therefore a device that is declared, never one that
is chosen silently, and stands in the provenance of every result.
"""

import sys
import warnings
from collections.abc import Sequence
from typing import Any

import torch

PACKAGE = "openvino"


def compiled(
    networks: Sequence[torch.nn.Module], *, channels: int, patch: Sequence[int], threads: int
) -> list["OpenVinoNetwork"]:
    """Return each network compiled for tiles of one size.

    Parameters
    ----------
    channels : int
        Of the input.
    patch : sequence of int
        Size of a tile in voxels.
    threads : int
        Of the processor that one tile may use.
    """
    return [OpenVinoNetwork(one, (1, channels, *patch), threads) for one in networks]


class OpenVinoNetwork:
    """Takes and gives tensors as the network does that it was made from, in float32."""

    def __init__(self, network: torch.nn.Module, shape: tuple[int, ...], threads: int) -> None:
        openvino = _without_telemetry()
        model = _converted(network, shape)
        model.reshape(list(shape))
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
        }
        self._compiled = openvino.Core().compile_model(model, "CPU", settings)
        self.shape = shape

    def __call__(self, tile: torch.Tensor) -> torch.Tensor:
        """Return the logits of a tile, shape (1, class, ...), in memory of their own."""
        if tuple(tile.shape) != self.shape:
            raise ValueError(f"A tile of {self.shape} was compiled, got {tuple(tile.shape)}.")
        found = self._compiled(tile.numpy())[0]
        # OpenVINO writes the next tile to the same memory.
        return torch.from_numpy(found.copy())


def _without_telemetry() -> Any:
    """Import the package as it is where nobody installed its telemetry: it reports nothing."""
    if PACKAGE not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _converted(network: torch.nn.Module, shape: tuple[int, ...]) -> Any:
    # By the front end itself: the package's convert_model would report its use.
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    front_end = FrontEndManager().load_by_framework("pytorch")
    # Tracing is refused in inference mode. It warns of checks of shapes that it leaves out, and the
    # shape of a tile never changes.
    with torch.inference_mode(mode=False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = torch.zeros(shape, dtype=torch.float32)
        decoder = TorchScriptPythonDecoder(network, example_input=(example,))
        return front_end.convert(front_end.load(decoder))
