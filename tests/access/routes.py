"""Who may open which route: written by hand, apart from the policies it checks.

Every named route of the site needs a row in `EXPECTED`; `test_matrix.py` fails for a route
without one. To add yours:

- `scope` says what must be in reach for the route to exist at all (404 otherwise):
  ``public`` nothing, not even a sign-in; ``signed-in`` a sign-in; ``member`` any role in any
  study; ``study`` a role in the study of the address; ``site`` a role in the study that
  reaches the site of the address's patient, visit, query, upload or run.
- `seen_by` are the roles for which it exists (default: every role for ``study``, the roles
  that see patients for ``site``); others in the scope get 404 as well.
- `get` and `post` are the roles that may; the others who see it get 403. None: no such
  method (405). The roles that may get `get_status` (200) or, with an empty form,
  `post_status` (422).
- `params` fills address parameters that `addresses.py` does not know.
- `page` is False for what is not a whole HTML page: fragments, JSON, files.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

ENTRY = frozenset({"coordinator", "investigator"})
AT_SITE = ENTRY | {"monitor"}
EVERY_SITE = frozenset({"data_manager", "statistician", "sponsor", "auditor"})
SEES_PATIENTS = AT_SITE | EVERY_SITE
BY_ASSIGNMENT = frozenset({"reader", "adjudicator", "operator"})
EVERYONE = SEES_PATIENTS | BY_ASSIGNMENT | {"administrator"}
OVERSEERS = frozenset({"data_manager", "auditor"})
AUDITED = AT_SITE | OVERSEERS
EXPORTS = frozenset({"data_manager", "statistician"})
IMPORTS = frozenset({"data_manager", "auditor"})
IMPACT = OVERSEERS | {"statistician"}
LOCKS = frozenset({"investigator", "data_manager", "auditor"})
QUARANTINE = ENTRY | OVERSEERS
SNAPSHOTS = ENTRY | OVERSEERS | {"sponsor"}
UNLOCKS = frozenset({"investigator", "data_manager"})

Roles = Collection[str]
Scope = Literal["public", "signed-in", "member", "study", "site"]


@dataclass(frozen=True, kw_only=True)
class Route:
    """What is expected of one route."""

    scope: Scope
    get: Roles | None = None
    post: Roles | None = None
    seen_by: Roles | None = None
    get_status: int = 200
    post_status: int = 422
    page: bool = True
    params: Mapping[str, str] = field(default_factory=dict)

    def exists_for(self, role: str) -> bool:
        """Return whether somebody in the scope with this role finds the route at all."""
        if self.seen_by is not None:
            return role in self.seen_by
        return role in SEES_PATIENTS if self.scope == "site" else True


EXPECTED: dict[str, Route] = {
    # mldtrial.trial
    "home": Route(scope="signed-in", get=EVERYONE),
    "sign_in": Route(scope="public", get=EVERYONE, post=EVERYONE),
    "password_forgotten": Route(scope="public", get=EVERYONE, post=EVERYONE),
    # Whoever holds the link; there is none here.
    "password_link": Route(
        scope="public",
        get=EVERYONE,
        post=EVERYONE,
        get_status=404,
        post_status=404,
        params={"user_id": "00000000-0000-0000-0000-000000000000", "token": "none"},
    ),
    "sign_out": Route(scope="public", post=EVERYONE, post_status=302),
    # Between password and session only: everybody else is sent on.
    "second_factor": Route(
        scope="public",
        get=EVERYONE,
        post=EVERYONE,
        get_status=302,
        post_status=302,
        page=False,
    ),
    "passkey_sign_in": Route(scope="public", get=EVERYONE, post=EVERYONE, page=False),
    # Off unless configured.
    "openid_connect_login": Route(
        scope="public",
        get=EVERYONE,
        get_status=404,
        page=False,
        params={"provider_id": "oidc"},
    ),
    "openid_connect_callback": Route(
        scope="public",
        get=EVERYONE,
        get_status=404,
        page=False,
        params={"provider_id": "oidc"},
    ),
    "account": Route(scope="signed-in", get=EVERYONE),
    "password_change": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    "name_change": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    "app_new": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    "passkey_new": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    # Nobody's second factor but one's own.
    "second_factor_remove": Route(
        scope="signed-in",
        get=EVERYONE,
        post=EVERYONE,
        get_status=404,
        post_status=404,
        page=False,
        params={"factor_id": "0"},
    ),
    "recovery_codes": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    # Whoever holds the link; there is none here.
    "invitation": Route(
        scope="public",
        get=EVERYONE,
        post=EVERYONE,
        get_status=404,
        post_status=404,
        params={"token": "none"},
    ),
    "people": Route(scope="study", get={"administrator", "auditor"}),
    "invitation_new": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "invitation_renew": Route(scope="study", post={"administrator"}, post_status=302),
    "invitation_withdraw": Route(scope="study", post={"administrator"}, post_status=302),
    "membership_end": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "login_state": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "membership_export": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "health_live": Route(scope="public", get=EVERYONE, page=False),
    "health_ready": Route(scope="public", get=EVERYONE, page=False),
    "study": Route(scope="study", get=EVERYONE, get_status=302, page=False),
    "patients": Route(scope="study", get=SEES_PATIENTS),
    "patient_new": Route(scope="study", get=ENTRY, post=ENTRY),
    "patient_edit": Route(scope="site", get=ENTRY, post=ENTRY),
    "visit_new": Route(scope="site", get=ENTRY, post=ENTRY),
    "treatment_new": Route(scope="site", get=ENTRY, post=ENTRY),
    "treatment_edit": Route(scope="site", get=ENTRY, post=ENTRY),
    "imports": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "import_layout": Route(
        scope="study", seen_by=IMPORTS, get={"data_manager"}, post={"data_manager"}
    ),
    "import_check": Route(
        scope="study", seen_by=IMPORTS, get={"data_manager"}, post={"data_manager"}
    ),
    "import_report": Route(scope="study", seen_by=IMPORTS, get={"data_manager"}, page=False),
    "import_progress": Route(scope="study", seen_by=IMPORTS, get={"data_manager"}, page=False),
    "import_discard": Route(scope="study", seen_by=IMPORTS, post={"data_manager"}, post_status=302),
    "participation_new": Route(scope="site", get=ENTRY, post=ENTRY),
    "participation_edit": Route(scope="site", get=ENTRY, post=ENTRY),
    "gmfc_record": Route(scope="site", get=ENTRY, post=ENTRY),
    "locks": Route(scope="study", get=LOCKS, post={"data_manager"}),
    "study_lock": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "patient_lock": Route(scope="site", get=LOCKS, post=UNLOCKS),
    "visit_lock": Route(scope="site", get=LOCKS, post=UNLOCKS),
    "unlock_decision": Route(scope="site", get={"data_manager"}, post={"data_manager"}),
    "patient_unblind": Route(scope="site", get={"investigator"}, post={"investigator"}),
    # And a statistician to whom the arms were granted; nobody here is.
    "allocation": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "study_unblind": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "unblind_decision": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "visit_sign": Route(scope="site", get={"investigator"}, post={"investigator"}),
    "elfc_record": Route(scope="site", get=ENTRY, post=ENTRY),
    "reads": Route(scope="study", get={"reader", "adjudicator"}),
    "read": Route(scope="site", seen_by={"reader"}, get={"reader"}, post={"reader"}),
    "read_preview": Route(
        scope="site", seen_by={"reader"}, post={"reader"}, post_status=200, page=False
    ),
    "read_cases": Route(scope="study", get={"data_manager", "auditor"}, post={"data_manager"}),
    "read_case": Route(
        scope="site", get={"data_manager", "auditor"}, post={"data_manager"}, post_status=400
    ),
    "audit": Route(scope="member", get=AUDITED),
    "audit_verify": Route(scope="member", post={"auditor"}, post_status=302),
    "audit_study": Route(scope="study", get=AUDITED),
    "audit_access": Route(scope="study", get=OVERSEERS),
    "audit_export": Route(scope="study", get=OVERSEERS, page=False),
    "audit_dictionary": Route(scope="study", get=OVERSEERS, page=False),
    "audit_record": Route(scope="site", get=AUDITED, seen_by=AUDITED, params={"kind": "patient"}),
    "queries": Route(scope="signed-in", get=EVERYONE),
    "query": Route(scope="site", get=SEES_PATIENTS, post=ENTRY | {"data_manager"}),
    "query_new": Route(
        scope="site", get={"data_manager", "monitor"}, post={"data_manager", "monitor"}
    ),
    # mldtrial.trial: the schedule
    "visit_edit": Route(scope="site", get=ENTRY, post=ENTRY),
    "scan_not_done": Route(scope="site", get=ENTRY, post=ENTRY),
    "visit_not_done": Route(scope="site", get=ENTRY, post=ENTRY),
    "not_done_edit": Route(scope="site", get=ENTRY, post=ENTRY),
    "deviations": Route(scope="study", get=SEES_PATIENTS),
    "deviation": Route(scope="site", get=SEES_PATIENTS, post=ENTRY | {"data_manager"}),
    "deviation_new": Route(
        scope="site", get=ENTRY | {"data_manager"}, post=ENTRY | {"data_manager"}
    ),
    "notices": Route(scope="signed-in", get=EVERYONE, post=EVERYONE),
    "calendar_feed": Route(scope="public", get=EVERYONE, page=False),
    "study_settings": Route(scope="study", get={"administrator", "data_manager", "auditor"}),
    "settings_change": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "site_new": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "site_edit": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "definition_new": Route(scope="study", get={"administrator"}, post={"administrator"}),
    "definition_edit": Route(scope="study", get={"administrator"}, post={"administrator"}),
    # segmentation
    "uploads": Route(scope="signed-in", get=EVERYONE),
    "deidentification": Route(scope="study", get=EVERYONE, page=False),
    "upload_new": Route(scope="site", get=ENTRY, post=ENTRY),
    "mask_import": Route(scope="site", get={"data_manager"}, post={"data_manager"}),
    # Without the headers of its protocol a request is told which version is spoken.
    "transfers": Route(scope="site", get=ENTRY, post=ENTRY, post_status=412, page=False),
    # Nobody's but the sender's; HEAD, PATCH and DELETE are asked in tests/segmentation/transfers.
    "transfer": Route(scope="site", seen_by=ENTRY, page=False),
    "quarantine": Route(scope="member", get=QUARANTINE),
    "scan_move": Route(scope="site", get=ENTRY | {"data_manager"}, post=ENTRY | {"data_manager"}),
    "scan_set_aside": Route(
        scope="site", get=ENTRY | {"data_manager"}, post=ENTRY | {"data_manager"}
    ),
    "scan_take_back": Route(
        scope="site", get=ENTRY | {"data_manager"}, post=ENTRY | {"data_manager"}
    ),
    "scan_keep": Route(
        scope="site",
        seen_by=QUARANTINE,
        get=ENTRY | {"data_manager"},
        post=ENTRY | {"data_manager"},
    ),
    "scan_discard": Route(
        scope="site",
        seen_by=QUARANTINE,
        get=ENTRY | {"data_manager"},
        post=ENTRY | {"data_manager"},
    ),
    "visit_status": Route(scope="site", get=SEES_PATIENTS, page=False),
    "job_retry": Route(scope="site", post=ENTRY | {"data_manager"}, post_status=302),
    "run": Route(scope="site", get=SEES_PATIENTS),
    # The run of these addresses has failed: it has no mask.
    "run_mask": Route(scope="site", get={"data_manager"}, get_status=404, page=False),
    "run_picture": Route(scope="site", get=SNAPSHOTS),
    # The run of these addresses has failed: there is nothing to draw.
    "run_picture_file": Route(
        scope="site", get=SNAPSHOTS, get_status=404, page=False, params={"picture": "plain-t1w"}
    ),
    "run_flags": Route(scope="site", get=SEES_PATIENTS, page=False),
    "query_runs": Route(scope="site", get=SEES_PATIENTS, page=False),
    "run_retry": Route(scope="site", post=ENTRY | {"data_manager"}, post_status=302),
    "run_cancel": Route(scope="site", post=ENTRY | {"data_manager"}, post_status=302),
    "run_first": Route(scope="site", post={"data_manager"}, post_status=302, seen_by=SEES_PATIENTS),
    "segmentations": Route(scope="study", get=OVERSEERS, post={"data_manager"}),
    "runs_retry": Route(scope="study", post={"data_manager"}, post_status=302),
    "batch_cancel": Route(scope="study", post={"data_manager"}, post_status=302, seen_by=OVERSEERS),
    "masks": Route(scope="study", get={"reader", "adjudicator"}),
    "mask": Route(
        scope="site", seen_by={"reader"}, get={"reader"}, post={"reader"}, post_status=400
    ),
    "mask_picture": Route(
        scope="site", seen_by={"reader"}, get={"reader"}, page=False, params={"picture": "t1w"}
    ),
    "mask_reviews": Route(scope="study", get=OVERSEERS, post={"data_manager"}),
    "mask_set_aside": Route(
        scope="study", seen_by=OVERSEERS, get={"data_manager"}, post={"data_manager"}
    ),
    "quality_picture": Route(scope="site", get=SNAPSHOTS, page=False),
    "quality_retry": Route(scope="site", post=ENTRY | {"data_manager"}, post_status=302),
    # segmentation: the imaging protocol
    "findings": Route(scope="study", get=SEES_PATIENTS),
    "findings_export": Route(scope="study", get=EXPORTS, page=False),
    "image_exports": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "image_export_file": Route(scope="study", get={"data_manager"}, seen_by=OVERSEERS, page=False),
    "finding": Route(
        scope="site", get=SEES_PATIENTS, post=ENTRY | {"data_manager"}, post_status=400
    ),
    "scanners": Route(scope="study", get=SEES_PATIENTS),
    "scanner": Route(
        scope="site", get=SEES_PATIENTS, post=ENTRY | {"data_manager"}, post_status=400
    ),
    "protocol": Route(scope="study", get={"administrator", "data_manager", "auditor"}),
    "protocol_version": Route(scope="study", get={"administrator", "data_manager", "auditor"}),
    "protocol_draft": Route(scope="study", post={"data_manager"}, post_status=302),
    "protocol_discard": Route(scope="study", post={"data_manager"}, post_status=302),
    "protocol_difference": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "rule_new": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "rule_edit": Route(scope="study", get={"data_manager"}, post={"data_manager"}),
    "rule_remove": Route(scope="study", post={"data_manager"}, post_status=302),
    "models": Route(scope="signed-in", get=EVERYONE),
    "model": Route(scope="member", get=EVERYONE),
    "model_promote": Route(scope="member", get={"data_manager"}, post={"data_manager"}),
    "model_promotion": Route(scope="member", seen_by=IMPACT, get=IMPACT, post={"data_manager"}),
    "trainings": Route(scope="member", get={"administrator"}, post={"administrator"}),
    "training_cancel": Route(
        scope="study", seen_by={"administrator"}, post={"administrator"}, post_status=302
    ),
    "training_retry": Route(
        scope="study", seen_by={"administrator"}, post={"administrator"}, post_status=302
    ),
    "model_reinstate": Route(scope="member", get={"administrator"}, post={"administrator"}),
    "model_retire": Route(scope="member", get={"administrator"}, post={"administrator"}),
    # analytics
    "patient": Route(scope="site", get=SEES_PATIENTS),
    "patient_trajectory": Route(scope="site", get=SEES_PATIENTS, page=False),
    "agreement_pdf": Route(scope="study", get=IMPACT, page=False),
    "cohort_reports": Route(scope="study", get=EVERY_SITE, post=EVERY_SITE),
    # The report is the sponsor's own: nobody else sees it, whatever their role.
    "cohort_report": Route(scope="study", get={"sponsor"}, seen_by={"sponsor"}),
    "cohort_report_pdf": Route(scope="study", get={"sponsor"}, seen_by={"sponsor"}, page=False),
    "patient_pdf": Route(scope="site", get=SEES_PATIENTS, page=False),
    "agreement": Route(scope="study", get=IMPACT),
    "agreement_chart": Route(scope="study", get=IMPACT, page=False, params={"stratum": "3D"}),
    "agreement_overlap": Route(
        scope="study", get=IMPACT, page=False, params={"stratum": "3D", "slug": "dice"}
    ),
    "agreement_masks_file": Route(scope="study", get=EXPORTS, page=False),
    "agreement_overview_file": Route(scope="study", get=EXPORTS, page=False),
    "agreement_file": Route(scope="study", get=EXPORTS, page=False),
    "rescans": Route(scope="study", get=IMPACT),
    "reference_cohort": Route(scope="study", get=IMPACT, post={"data_manager"}),
    "reference_cohort_end": Route(scope="study", post={"data_manager"}),
    "model_impact": Route(scope="study", get=IMPACT),
    "model_impact_chart": Route(scope="study", get=IMPACT, page=False, params={"stratum": "3D"}),
    "model_impact_file": Route(scope="study", get=EXPORTS, page=False),
    "model_shadow": Route(scope="study", post={"data_manager"}, post_status=302),
    "cohort": Route(scope="study", get=EVERY_SITE),
    "cohort_chart": Route(scope="study", get=EVERY_SITE, page=False, params={"name": "load-gmfc"}),
    "cohort_derived": Route(scope="study", get=EVERY_SITE, page=False),
    "cohort_derived_data": Route(scope="study", get=EXPORTS, page=False),
    "cohort_data": Route(scope="study", get=EXPORTS, page=False, params={"name": "load-gmfc"}),
    "longitudinal_models": Route(scope="study", get=EVERY_SITE),
    "longitudinal_data": Route(scope="study", get=EXPORTS, page=False),
    "sample_size": Route(scope="study", get=EVERY_SITE),
    "milestones": Route(scope="study", get=EVERY_SITE),
    "milestones_data": Route(scope="study", get=EXPORTS, page=False),
    "study_overview": Route(scope="study", get=EVERY_SITE | {"administrator"}),
    "overview_chart": Route(
        scope="study",
        get=EVERY_SITE | {"administrator"},
        page=False,
        params={"name": "completeness"},
    ),
    "study_quality": Route(scope="study", get=SEES_PATIENTS),
    "scan_quality": Route(scope="site", get=SEES_PATIENTS),
    "quality_chart": Route(scope="study", get=EVERY_SITE, page=False, params={"name": "cnr"}),
    "read_pictures": Route(scope="site", seen_by={"reader"}, get={"reader"}, page=False),
    "read_picture": Route(scope="site", seen_by={"reader"}, get={"reader"}, page=False),
    "exports": Route(scope="member", get=EXPORTS),
    "export_all": Route(scope="study", get=EXPORTS, page=False),
    "export_file": Route(
        scope="study", get=EXPORTS, page=False, params={"dataset": "demyelination_load"}
    ),
    "export_dictionary": Route(
        scope="study", get=EXPORTS, page=False, params={"dataset": "demyelination_load"}
    ),
}
