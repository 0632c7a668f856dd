"""python -m demo.child PARENT SIGNAL COMMAND...: become COMMAND, and end when PARENT does.

The kernel sends SIGNAL when the parent dies, however it dies (prctl PR_SET_PDEATHSIG), so that a
killed supervisor leaves nothing running. The setting survives exec.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, number, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:  # it died before we could ask to be told
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the supervisor's own fixed argument lists


if __name__ == "__main__":
    main()
