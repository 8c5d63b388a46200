"""What can go wrong in the llm service, beyond the errors that all services share."""

from common.errors import BatonError


class ProviderUnknown(BatonError):
    """No provider has this name. Choose one of those in the detail, or add it to `llm.providers` in the settings."""

    code = "provider_unknown"
    status = 422


class NotALineFile(BatonError):
    """The file is no Transcript, SRT or WebVTT. Give a `transcript_path`, or convert it with `subtitle.convert`."""

    code = "not_a_line_file"
    status = 422


class TranscriptTooLarge(BatonError):
    """The transcript is larger than allowed. Split it, or raise `llm.max_input_bytes`."""

    code = "transcript_too_large"
    status = 422


class KeyRefused(BatonError):
    """The provider refuses the API key. Set `llm.providers.<name>.api_key`, best in the worker's environment."""

    code = "key_refused"
    status = 422


class LlmModelMissing(BatonError):
    """The provider has no such model or address. Check `base_url` and `model`; Ollama needs `ollama pull <model>`."""

    code = "llm_model_missing"
    status = 422


class RequestRefused(BatonError):
    """The provider refuses the request. The detail says why; a smaller batch, or `answers: json_object` may help."""

    code = "llm_request_refused"
    status = 422


class ProviderBusy(BatonError):
    """The provider answers that it is busy. The task is tried again; lower `requests_per_minute` if it stays so."""

    code = "provider_busy"
    status = 503
    retryable = True


class ProviderUnreachable(BatonError):
    """The provider does not answer. Check that its server runs and that this worker reaches `base_url`."""

    code = "provider_unreachable"
    status = 502
    retryable = True


class AnswerUnusable(BatonError):
    """The model's answers cannot be used. Try another model; the detail says what was wrong with the last one."""

    code = "answer_unusable"
    status = 502
