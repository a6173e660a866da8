"""Shared by the tests against Python Optimal Transport. Arguments of each: the program, a folder for files."""

import sys

try:
    import numpy as np
    import ot
except ImportError as missing:
    print(f"skipped: {missing}; apt-get install python3-pot")
    sys.exit(77)

program, folder = sys.argv[1:]
