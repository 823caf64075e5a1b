"""A second, independent verifier of expert-draw evidence files.

It was written from the documents alone (`draw-v1.md`, `log-v1.md`, `evidence-v1.md`, then `draw-v2.md`
and `evidence-v2.md`, those of contributions and keys, and of sites, memberships and workstations, and their vectors) and shares no code with the service. `python -m second_verifier FILE --policy POLICY` verifies one file,
`python -m second_verifier.run_vectors tests/vectors` runs the published vectors.
"""
