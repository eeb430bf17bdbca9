"""`python -m seamline_edge.gateway`."""

import sys

from seamline_edge.gateway.command_line import main

if __name__ == "__main__":
    sys.exit(main())
