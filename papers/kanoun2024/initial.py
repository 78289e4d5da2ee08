"""What weights start from: PyTorch's defaults, in which the authors' code is written, or Keras's."""

import math

from keras import initializers


def initial(start: str, fan_in: int) -> dict[str, initializers.Initializer]:
    """Fresh initializers for a convolution or a dense layer with `fan_in` inputs a unit.

    "pytorch": kernel and bias even in ±1 / sqrt(fan_in); "keras": Glorot, and biases of 0.

    Source: `torch.nn.Linear`, `torch.nn.Conv2d` (`reset_parameters`).
    """
    if start == "keras":
        return {"kernel_initializer": initializers.GlorotUniform(), "bias_initializer": initializers.Zeros()}
    return {"kernel_initializer": _even(fan_in), "bias_initializer": _even(fan_in)}


def recurrent(start: str, units: int) -> dict[str, object]:
    """Options of an LSTM of `units` units: its initializers, and whether forget gates start open.

    "pytorch": everything even in ±1 / sqrt(units); where PyTorch has two biases a gate there is one here, drawn
    with the variance of their sum. "keras": its defaults.

    Source: `torch.nn.LSTM` (`reset_parameters`).
    """
    if start == "keras":
        return {}
    return {
        "kernel_initializer": _even(units),
        "recurrent_initializer": _even(units),
        "bias_initializer": _even(units / 2),
        "unit_forget_bias": False,
    }


def _even(fan: float) -> initializers.Initializer:
    return initializers.RandomUniform(-1 / math.sqrt(fan), 1 / math.sqrt(fan))
