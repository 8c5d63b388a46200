"""The real gateway, with the testing service in its catalog."""

from api_gateway.app import create_app
from api_gateway.http.server import serve
from common import log
from common.contract import Catalog
from services import catalog, models, settings
from tests.support.testing_service import CONTRACTS

configured = settings()
log.configure(configured.log, service="api_gateway")
known = Catalog({**catalog(), **{contract.name: contract for contract in CONTRACTS}})
serve(create_app(configured, known, models()), configured.gateway, grace_s=1)
