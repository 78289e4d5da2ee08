"""The few Keras layers that several papers share, as functions on tensors."""

import keras
from keras import layers


def time_major(images: keras.KerasTensor, name: str | None = None) -> keras.KerasTensor:
    """Feature maps as a sequence over time: (batch, bands, frames, channels) → (batch, frames, bands · channels)."""
    _, bands, frames, channels = images.shape
    turned = layers.Permute((2, 1, 3))(images)
    return layers.Reshape((frames, bands * channels), name=name)(turned)


def attended(
    sequence: keras.KerasTensor,
    *,
    kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
    bias_initializer: str | keras.initializers.Initializer = "zeros",
    name: str = "attention",
) -> keras.KerasTensor:
    """A sequence as one vector, its frames weighted by what a layer makes of each: (batch, frames, n) → (batch, n).

    The weights are the softmax over time of tanh(dense 1): n + 1 parameters, which start from the initializers.

    Source: Kanoun et al. (2024), section 6.4 and their code.
    """
    score = layers.Dense(
        1,
        activation="tanh",
        kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer,
        name=f"{name}_score",
    )
    weight = layers.Softmax(axis=(1, 2), name=f"{name}_weight")  # over one axis alone Keras warns of single frames
    pooled = layers.Dot(axes=1, name=f"{name}_sum")([weight(score(sequence)), sequence])  # (batch, 1, n)
    return layers.Reshape((sequence.shape[-1],), name=name)(pooled)
