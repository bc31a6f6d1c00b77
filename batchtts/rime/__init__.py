"""Rime's WebSocket API: what goes out, what comes in, and what proves it whole.

`client` is the way in. Everything that decides is without I/O and can be read
and tested alone: `utterance` (one request and its reply), `commands`, `query`,
`reply` with the stream readers, `plausible`, `refusal`.
"""
