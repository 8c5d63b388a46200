"""Every model that a service knows by name can be listed, asked for, downloaded and taken by default."""

import re

import pytest

from common.models.contract import DOWNLOAD_MODEL
from common.models.spec import KnownModels, ModelFamily
from common.state.context import TASK_ID_PATTERN
from services import catalog, models, settings

FAMILIES = models()
BY_ENGINE = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.engine)


def test_the_services_with_models_are_found() -> None:
    assert "faster_whisper" in {family.engine for family in FAMILIES}


@BY_ENGINE
def test_a_name_fits_a_path_an_url_and_the_id_of_its_download(family: ModelFamily) -> None:
    assert len(family.by_name) == len(family.specs), "no name twice"
    for spec in family.specs:
        assert spec.engine == family.engine
        assert re.fullmatch(TASK_ID_PATTERN, f"{DOWNLOAD_MODEL}.{spec.engine}.{spec.name}"), spec.id
        assert spec.repository or spec.shipped or spec.required, f"nothing tells what {spec.id} is"


@BY_ENGINE
def test_a_test_model_is_called_one_and_no_other_is(family: ModelFamily) -> None:
    for spec in family.specs:
        assert spec.test_model == ("test" in spec.name), spec.id
        assert not (spec.test_model and spec.repository), "it ships, so it is never downloaded"


@BY_ENGINE
def test_the_default_models_are_known_and_no_test_models(family: ModelFamily) -> None:
    defaults = KnownModels([family]).defaults(settings())
    assert set(defaults) <= {spec.id for spec in family.specs if not spec.test_model}
    assert sum(map(len, defaults.values())) == len(family.defaults)


@BY_ENGINE
def test_what_a_hub_has_can_be_downloaded_by_a_task(family: ModelFamily) -> None:
    if not family.downloadable:
        return
    choices = catalog()[f"{family.engine}.{DOWNLOAD_MODEL}"].input.model_json_schema()["properties"]["model"]
    assert choices.get("enum", [choices.get("const")]) == list(family.downloadable)
