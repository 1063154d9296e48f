"""Whether a process that was noted is still there; another one may have got its number meanwhile."""

from pathlib import Path


def process_start(pid: int) -> str | None:
    """When a process began, in the kernel's ticks since boot; None where that is not told, or there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The command in parentheses may hold blanks; field 22 of proc(5) is the 20th after it.
    return f"{boot}/{stat.rpartition(')')[2].split()[19]}"
