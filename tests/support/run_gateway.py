"""The real gateway, with the testing service in its catalog."""

import uvicorn

from api_gateway.app import create_app
from common import log
from common.contract import Catalog
from services import catalog, models, settings
from tests.support.testing_service import CONTRACTS

configured = settings()
log.configure(configured.log, service="api_gateway")
known = Catalog({**catalog(), **{contract.name: contract for contract in CONTRACTS}})
uvicorn.run(
    create_app(configured, known, models()),
    host=configured.gateway.host,
    port=configured.gateway.port,
    log_config=None,
    access_log=False,
    timeout_graceful_shutdown=1,
)
