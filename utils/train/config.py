"""How to train, and what a training did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainConfig:
    """How to train by SGD; two equal configurations give equal weights on one machine and thread count.

    lr: the peak learning rate. warmup: the fraction of the steps during which it rises.
    momentum: Nesterov's; 0 for plain gradient descent.
    weight_decay: of weights; biases and the scales of norms do not decay.
    augment: shift images by up to 2 pixels, mirror, cut out an 8x8 square, each image on its own. Inputs that are not
        images (n, channels, height, width) are augmented only by a callable that `fit` is given.
    bfloat16: mixed precision by autocast (faster where the processor has it, never needed).
    learn_statistics: False normalizes by the stored statistics of the batch norms and leaves them as they are.

    >>> TrainConfig(epochs=3, lr=0.1).batch_size
    256
    """

    epochs: int
    lr: float = 0.2
    batch_size: int = 256
    weight_decay: float = 5e-4
    label_smoothing: float = 0.05
    warmup: float = 0.2
    augment: bool = True
    bfloat16: bool = False
    seed: int = 0
    momentum: float = 0.9
    learn_statistics: bool = True


@dataclass
class History:
    """What a training did.

    loss: the mean training loss of each epoch. accuracy: after each epoch, in percent, if validation data was given.
    steps: updates of the weights.

    >>> History(loss=[1.2, 0.7]).loss[-1]
    0.7
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    steps: int = 0
