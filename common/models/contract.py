"""The model download task, the same in every service that has downloadable models."""

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from common.contract import Contract, TaskInput, TaskOutput
from common.models.spec import ModelFamily

DOWNLOAD_MODEL = "download_model"


class DownloadModelOutput(TaskOutput):
    model: str
    path: Annotated[str, Field(description="its folder, relative to share")]
    size: Annotated[int, Field(ge=0, description="bytes")]


def download_contract(family: ModelFamily) -> Contract:
    """Return the contract of `<engine>.download_model`, implemented by `common.worker.model_folders.downloads`."""
    name: Any = Annotated[
        Literal[family.downloadable], Field(description="the name of a model that `GET /v1/models` lists")
    ]
    fields: dict[str, Any] = {"model": (name, ...)}
    given = create_model(
        "".join(part.title() for part in family.engine.split("_")) + "DownloadInput",
        __base__=TaskInput,
        __module__=f"services.{family.engine}.contracts",
        **fields,
    )
    summary = "Download a model to share/models, unless it is there already. A further attempt continues the download."
    return Contract(f"{family.engine}.{DOWNLOAD_MODEL}", given, DownloadModelOutput, summary=summary)
