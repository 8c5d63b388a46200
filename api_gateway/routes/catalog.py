"""The catalog: every task with the JSON Schemas of its input and output."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from api_gateway.dependencies import Held
from common.contract import Contract

router = APIRouter(tags=["catalog"])


class CatalogEntry(BaseModel):
    """One task as a client sees it."""

    task_name: str
    summary: str
    queue: str
    needs_gpu: bool
    soft_time_limit: float
    hard_time_limit: float
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]

    @classmethod
    def of(cls, contract: Contract) -> "CatalogEntry":
        return cls(
            task_name=contract.name,
            summary=contract.summary,
            queue=contract.queue,
            needs_gpu=contract.needs_gpu,
            soft_time_limit=contract.soft_time_limit.total_seconds(),
            hard_time_limit=contract.hard_time_limit.total_seconds(),
            input_schema=contract.input.model_json_schema(),
            output_schema=contract.output.model_json_schema(mode="serialization"),
        )


class CatalogPage(BaseModel):
    tasks: list[CatalogEntry]


@router.get("/catalog", summary="Every task, with its schemas")
async def catalog(gateway: Held) -> CatalogPage:
    return CatalogPage(tasks=[CatalogEntry.of(contract) for contract in gateway.catalog.values()])
