"""What this process may use of the machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))  # of control groups, version 2 and 1


def cores(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Processors that this process may run on; all of them where the system does not tell, as on macOS.

    A quota of time, as a container has, counts as that many processors, rounded up.
    """
    allowed = getattr(os, "sched_getaffinity", None)
    there = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    for names in _QUOTAS:
        with contextlib.suppress(OSError, ValueError):  # none, "max" or -1 is no quota
            quota, period = (int(number) for name in names for number in (groups / name).read_text().split())
            if quota > 0 and period > 0:
                return min(there, -(-quota // period))
    return there
