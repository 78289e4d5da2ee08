"""Memory that is freed: what is kept for the arrays that come next."""

import platform
import subprocess
import sys

import pytest


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is kept is kept by glibc")
def test_memory_that_is_freed_is_kept_for_the_next_array():
    program = """
import resource
import numpy as np
from ser_keras import memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        np.ones(2**18, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
memory.keep_freed()
faults()
print(given_back, faults())
"""
    given_back, kept = map(int, subprocess.check_output([sys.executable, "-c", program], text=True).split())
    assert kept < 20 < given_back
