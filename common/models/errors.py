"""Errors of finding and downloading models."""

from common.errors import BatonError


class ModelMissing(BatonError):
    """The model is not on this machine, and downloads are off. Put its folder under share/models, or set
    `models.offline` to false.
    """

    code = "model_missing"
    status = 422


class ModelDamaged(BatonError):
    """Files of the model are missing or cannot be read. Delete the folder to download it again, or repair it."""

    code = "model_damaged"
    status = 422


class ModelNotOnHub(BatonError):
    """The model hub does not have this model. Check `models.hub_endpoint`: the mirror may not carry it."""

    code = "model_not_on_hub"
    status = 422


class ModelGated(BatonError):
    """The model hub requires a login for this model. Accept its licence there, and set `models.hub_token` (or HF_TOKEN)
    to a token of that account.
    """

    code = "model_gated"
    status = 422


class ModelDownloadFailed(BatonError):
    """The model could not be downloaded. Check the network; set `models.hub_endpoint` (or HF_ENDPOINT) to a mirror that
    this machine can reach; or copy the model's folder to share/models/<engine>/<name>, and set `models.offline`.
    """

    code = "model_download_failed"
    status = 502
    retryable = True


class ModelNotFound(BatonError):
    """No model has this id. `GET /v1/models` lists them all."""

    code = "model_not_found"
    status = 404


class ModelNotDownloadable(BatonError):
    """No hub has this model, so it cannot be downloaded. Put its folder under share/models by hand."""

    code = "model_not_downloadable"
    status = 409
