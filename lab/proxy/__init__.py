"""The lab's service proxy: listens on the address of every Service and balances over its ready endpoints."""
