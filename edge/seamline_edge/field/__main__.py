"""`python -m seamline_edge.field`."""

import sys

from seamline_edge.field.command_line import main

if __name__ == "__main__":
    sys.exit(main())
