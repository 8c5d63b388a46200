"""Errors of the llm service, in addition to the common ones."""

from common.errors import BatonError


class ProviderUnknown(BatonError):
    """There is no provider of this name. Choose one from the detail, or add it to `llm.providers` in the settings."""

    code = "provider_unknown"
    status = 422


class NotALineFile(BatonError):
    """The file is not a Transcript, SRT or WebVTT. Send a `transcript_path`, or convert it with `subtitle.convert`."""

    code = "not_a_line_file"
    status = 422


class TranscriptTooLarge(BatonError):
    """The transcript is larger than allowed. Split it, or raise `llm.max_input_bytes`."""

    code = "transcript_too_large"
    status = 422


class KeyRefused(BatonError):
    """The provider refuses the API key. Set `llm.providers.<name>.api_key`, preferably in the worker's environment."""

    code = "key_refused"
    status = 422


class LlmModelMissing(BatonError):
    """The provider does not have this model or address. Check `base_url` and `model`; Ollama needs `ollama pull
    <model>`.
    """

    code = "llm_model_missing"
    status = 422


class RequestRefused(BatonError):
    """The provider refuses the request. The detail says why; a smaller batch, or `answers: json_object` may help."""

    code = "llm_request_refused"
    status = 422


class ContextTooLong(BatonError):
    """The request is longer than the model's context. Choose a model with a larger one, or send less: lower
    `llm.batch_lines`, or `llm.summary_characters` for a summary.
    """

    code = "context_too_long"
    status = 422


class ContentFiltered(BatonError):
    """The provider's content filter refuses the request. Change the text, or choose a provider without this filter."""

    code = "content_filtered"
    status = 422


class QuotaExhausted(BatonError):
    """The provider's account has no credit left. Add some, or choose another `provider`; then try the task again."""

    code = "quota_exhausted"
    status = 422


class ProviderBusy(BatonError):
    """The provider reports that it is busy. The task is tried again; lower `requests_per_minute` if this persists."""

    code = "provider_busy"
    status = 503
    retryable = True


class ProviderUnreachable(BatonError):
    """The provider does not answer. Check that its server runs and that this worker can reach `base_url`."""

    code = "provider_unreachable"
    status = 502
    retryable = True


class AnswerUnusable(BatonError):
    """The model's answers are unusable. Try another model; the detail says what was wrong with the last one. Finished
    lines are kept, so a retry asks only for the others.
    """

    code = "answer_unusable"
    status = 502


class AnswerTruncated(BatonError):
    """The answer reached the limit of tokens. Raise `max_output_tokens`, or send less text at a time."""

    code = "answer_truncated"
    status = 502
