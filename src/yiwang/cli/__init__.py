"""The `yiwang` command for operators."""
