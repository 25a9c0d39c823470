"""The smallest world of a trial: two studies, two sites, a person for every role."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model

from mldtrial.trial.models import SITE_ROLES, Patient, Role, Site, Study, Visit
from mldtrial.trial.services import patients, studies
from tests.support.copied_rows import copied

PASSWORD = "a long enough pass phrase"


@dataclass
class World:
    """Study DEMO-like with sites A and B, one patient each, and a second study."""

    study: Study
    site_a: Site
    site_b: Site
    patient_a: Patient
    patient_b: Patient
    visit_a: Visit
    visit_b: Visit
    other_study: Study
    other_patient: Patient
    users: dict[str, Any] = field(default_factory=dict)
    """Keys: a role for the person of site A or of the whole study, ``coordinator_b`` and so on
    for site B, ``stranger`` (no membership), ``other_sponsor`` (member of the other study)."""

    def user(self, key: str) -> Any:
        """Return a person by key."""
        return self.users[key]


def person(username: str) -> Any:
    """Create a login."""
    return get_user_model().objects.create_user(
        username=username, password=PASSWORD, full_name=username.replace("_", " ").title()
    )


def build_world(**study_settings: Any) -> World:
    """Create the world; call it inside an `acting` context."""
    return copied(f"world {study_settings}", lambda: _build_world(**study_settings))


def _build_world(**study_settings: Any) -> World:
    study = studies.create_study(
        code="MLD-1",
        name="First study",
        blinding="OPEN",
        **{"requires_mfa": False, **study_settings},
    )
    other = studies.create_study(
        code="MLD-2", name="Second study", blinding="BLINDED", requires_mfa=False
    )
    site_a = studies.create_site(study=study, code="A", name="Site A")
    site_b = studies.create_site(study=study, code="B", name="Site B")
    other_site = studies.create_site(study=other, code="A", name="Other site")
    born = date(2020, 3, 1)
    made = [
        patients.create_patient(
            site=site,
            subject_code=code,
            sex="F",
            birth_month=born,
            onset_age_months=onset,
            enrolled_on=date(2023, 5, 10),
            by=None,
        )
        for site, code, onset in (
            (site_a, "A-001", 20),
            (site_b, "B-001", 60),
            (other_site, "X-001", 25),
        )
    ]
    visits = [
        patients.create_visit(
            patient=patient,
            definition=patient.study.visit_definitions.get(code="M00"),
            visit_date=date(2023, 5, 10),
            by=None,
        )
        for patient in made
    ]
    world = World(study, site_a, site_b, made[0], made[1], visits[0], visits[1], other, made[2])
    for role in Role.values:
        world.users[role] = person(role)
        site = site_a if role in SITE_ROLES else None
        studies.grant_membership(user=world.users[role], study=study, role=role, site=site)
    for role in SITE_ROLES:
        key = f"{role}_b"
        world.users[key] = person(key)
        studies.grant_membership(user=world.users[key], study=study, role=role, site=site_b)
    world.users["stranger"] = person("stranger")
    world.users["other_sponsor"] = person("other_sponsor")
    studies.grant_membership(user=world.users["other_sponsor"], study=other, role=Role.SPONSOR)
    return world
