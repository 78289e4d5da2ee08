"""yadav2022's network in PyTorch, as a process that trains on request; needs PyTorch and NumPy alone.

Each line on stdin is a number of steps; answered by a line with the processor's and the clock's seconds.
"""

import sys
import time

import torch
from torch import nn


class CRNN(nn.Module):
    """Table 1 of Yadav et al. (2022) for 7 classes, images of one channel first: (batch, 1, 128, 259)."""

    def __init__(self, n_classes: int = 7) -> None:
        super().__init__()

        def block(channels: int, filters: int, kernel_size: int, pool_size: int) -> nn.Sequential:
            convolution = nn.Conv2d(channels, filters, kernel_size, padding="same")
            return nn.Sequential(convolution, nn.BatchNorm2d(filters), nn.ReLU(), nn.MaxPool2d(pool_size))

        self.blocks = nn.Sequential(
            block(1, 64, 9, 2), block(64, 64, 7, 4), block(64, 128, 5, 4), block(128, 128, 3, 4)
        )
        self.bilstm = nn.LSTM(128, 128, batch_first=True, bidirectional=True)
        self.emotion = nn.Linear(256, n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.blocks(images)  # (batch, 128, 1, 2)
        _, (last, _) = self.bilstm(maps.squeeze(2).transpose(1, 2))
        return self.emotion(torch.cat([last[0], last[1]], dim=1))


def main(batch: int = 16) -> None:
    """Serve."""
    torch.manual_seed(0)
    model, loss = CRNN(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    images, classes = torch.randn(batch, 1, 128, 259), torch.arange(batch) % 7
    for line in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            optimizer.zero_grad()
            loss(model(images), classes).backward()
            optimizer.step()
        print(time.process_time() - processor, time.perf_counter() - clock, flush=True)


if __name__ == "__main__":
    main()
