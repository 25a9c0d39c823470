"""What a run keeps of how it was made is read by people, not by Python."""

from datetime import date

import pytest
from django.urls import reverse

from tests.support.loads import make_load
from tests.support.world import World


@pytest.mark.django_db
def test_lists_mappings_and_answers_stand_in_words(client, world: World):
    run = make_load(world.patient_a, date(2024, 5, 10), 20.0)
    run.provenance = {
        "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
        "mirroring_axes": [0, 2],
        "skipped": [],
        "prepared_ahead": False,
        "folds": 1,
        "seconds": None,
    }
    run.save()
    client.force_login(world.user("data_manager"))
    html = client.get(reverse("run", args=["MLD-1", run.pk])).content.decode()
    for name, words in (
        ("packages", "numpy 2.4.6\ntorch 2.13.0"),
        ("mirroring_axes", "0, 2"),
        ("skipped", "none"),
        ("prepared_ahead", "no"),
        ("folds", "1"),
        ("seconds", '<span class="absent">not known</span>'),
    ):
        assert f'<th scope="row">{name}</th><td class="wrap">{words}</td>' in html
