"""Names of what is kept with a trial in Optuna's storage."""

INTERRUPTED = "interrupted"
"""Its worker died; it does not count, and its values were queued again."""

RETRY_OF = "retry_of"
"""The number of the interrupted trial whose values it has."""
