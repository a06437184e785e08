"""The arithmetic of the trail: trees, proofs, signed notes, plain values; no framework."""
