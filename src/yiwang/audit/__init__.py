"""The append-only trail of who did what to which record (全过程留痕)."""
