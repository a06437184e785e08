"""The append-only trail of who did what to which record (全过程留痕).

Each act writes one row in its own transaction; no row waits for another. Behind them a sealer
puts the rows into a Merkle tree (RFC 6962) and signs checkpoints, so that a row changed, removed
or slipped in later shows. Here: writing, sealing, proving, verifying, reading. Not here: what an
act means; the package of the act says that.
"""
