"""Lets the package be run: `python -m second_verifier EVIDENCE --policy POLICY`."""

import sys

from .verify import main

sys.exit(main())
