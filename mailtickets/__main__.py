"""`python -m mailtickets`."""

import sys

from mailtickets.cli import main

sys.exit(main())
