"""The few Keras layers that several papers share, as functions on tensors."""

import keras
from keras import layers


def time_major(images: keras.KerasTensor, name: str | None = None) -> keras.KerasTensor:
    """Feature maps as a sequence over time: (batch, bands, frames, channels) → (batch, frames, bands · channels)."""
    _, bands, frames, channels = images.shape
    turned = layers.Permute((2, 1, 3))(images)
    return layers.Reshape((frames, bands * channels), name=name)(turned)
