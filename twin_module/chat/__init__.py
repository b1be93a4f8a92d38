"""The companion: the whole twin in any Matrix client, in words. See docs/decisions/0021-the-companion.md."""
