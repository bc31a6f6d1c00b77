"""Rime's WebSocket API: what goes out, what comes in, and what proves it whole.

`client` is the way in; `client`, `stream` and `opening` alone touch the network.
Everything else decides without I/O and can be read and tested by itself:
`utterance` (one request and its reply), `commands`, `query`, `endpoint`, `reply`
with the readers of the three streams, `plausible`, `verdicts`, `redaction`.
"""
