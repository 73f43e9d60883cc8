"""As many open files as this process may have; a socket is one."""

import resource


def raise_limit():
    """The soft limit raised to the hard one, which it returns."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
