"""Networks that compute in bfloat16, which CPUs and GPUs with instructions for it do faster; see `--precision`."""

from collections.abc import Callable

import keras


def built(build: Callable[[], keras.Model], precision: str) -> keras.Model:
    """The model that `build` gives, computing in "float32", or in "bfloat16" with weights in float32.

    In bfloat16 a value has three digits. So softmax, and the standardisation of a model's inputs, stay in float32.
    """
    if precision == "float32":
        return build()
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(f"mixed_{precision}")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(usual)
    model.dtype_policy = "float32"  # what it is given stays as it is up to the first layer
    for layer in model.layers:
        softmax = isinstance(layer, keras.layers.Softmax) or (
            getattr(layer, "activation", None) is keras.activations.softmax
        )
        if softmax or isinstance(layer, keras.layers.Normalization):
            layer.dtype_policy = "float32"
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is not None:
            layer.build(layer.input.shape)  # a mean that is given is rounded when it is built
    return model
