"""The endpoint to rehearse a paid run against: OpenAI's chat completions on loopback, its limits, delays and faults.

`endpoint` decides what each request is answered: `reading` gets the context back out of a prompt, `answers` writes,
`faults`, `latency` and `limits` do what their names say, `books` count. `http` speaks (and misspeaks, when told to),
`server` listens, `process` runs it for tests.
"""
