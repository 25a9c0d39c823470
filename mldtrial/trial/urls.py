"""Routes of the trial's pages."""

from django.urls import path

from mldtrial.trial.views import (
    account,
    assessments,
    deviations,
    health,
    home,
    imports,
    invitations,
    locking,
    not_done,
    notices,
    oidc,
    participation,
    patients,
    people,
    queries,
    read_cases,
    reads,
    settings,
    sign_in,
    signing,
    unblinding,
    visits,
)

STUDY = "studies/<str:study_code>/"
PATIENT = f"{STUDY}patients/<uuid:patient_id>/"
PEOPLE = f"{STUDY}people/"
SETTINGS = f"{STUDY}settings/"
VISIT = f"{STUDY}visits/<uuid:visit_id>/"
IMPORT = f"{STUDY}import/<uuid:batch_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-in/second-factor/", sign_in.second_factor, name="second_factor"),
    path("sign-in/passkey/", sign_in.passkey_sign_in, name="passkey_sign_in"),
    # These two names are allauth's: it forms the address that the provider sends back to.
    path("sign-in/oidc/<str:provider_id>/", oidc.start, name="openid_connect_login"),
    path("sign-in/oidc/<str:provider_id>/callback/", oidc.callback, name="openid_connect_callback"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("account/", account.account, name="account"),
    path("account/password/", account.password_change, name="password_change"),
    path("account/app/", account.app_new, name="app_new"),
    path("account/passkey/", account.passkey_new, name="passkey_new"),
    path(
        "account/second-factors/<int:factor_id>/remove/",
        account.second_factor_remove,
        name="second_factor_remove",
    ),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path(PEOPLE, people.people, name="people"),
    path(f"{PEOPLE}invite/", people.invitation_new, name="invitation_new"),
    path(
        f"{PEOPLE}invitations/<uuid:invitation_id>/renew/",
        people.invitation_renew,
        name="invitation_renew",
    ),
    path(
        f"{PEOPLE}invitations/<uuid:invitation_id>/withdraw/",
        people.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(f"{PEOPLE}<uuid:membership_id>/end/", people.membership_end, name="membership_end"),
    path(
        f"{PEOPLE}<uuid:membership_id>/row-exports/",
        people.membership_export,
        name="membership_export",
    ),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path(f"{STUDY}patients/", patients.patient_list, name="patients"),
    path(f"{STUDY}patients/new/", patients.patient_new, name="patient_new"),
    path(f"{PATIENT}edit/", patients.patient_edit, name="patient_edit"),
    path(f"{PATIENT}visits/new/", visits.visit_new, name="visit_new"),
    path(f"{PATIENT}treatments/new/", patients.treatment_new, name="treatment_new"),
    path(
        f"{STUDY}treatments/<uuid:treatment_id>/edit/",
        patients.treatment_edit,
        name="treatment_edit",
    ),
    path(f"{PATIENT}participation/new/", participation.step_new, name="participation_new"),
    path(
        f"{STUDY}participation/<uuid:disposition_id>/edit/",
        participation.step_edit,
        name="participation_edit",
    ),
    path(f"{STUDY}import/", imports.imports, name="imports"),
    path(f"{IMPORT}", imports.import_layout, name="import_layout"),
    path(f"{IMPORT}check/", imports.import_check, name="import_check"),
    path(f"{IMPORT}report.csv", imports.import_report, name="import_report"),
    path(f"{IMPORT}progress.json", imports.import_progress, name="import_progress"),
    path(f"{IMPORT}discard/", imports.import_discard, name="import_discard"),
    path(f"{VISIT}gmfc-mld/", assessments.gmfc_record, name="gmfc_record"),
    path(f"{VISIT}elfc-mld/", assessments.elfc_record, name="elfc_record"),
    path(f"{PATIENT}queries/new/", queries.query_new, name="query_new"),
    path(f"{STUDY}locks/", locking.lock_list, name="locks"),
    path(
        f"{STUDY}locks/requests/<uuid:request_id>/", locking.unlock_decision, name="unlock_decision"
    ),
    path(f"{STUDY}lock/", locking.study_lock, name="study_lock"),
    path(f"{PATIENT}lock/", locking.patient_lock, name="patient_lock"),
    path(f"{VISIT}lock/", locking.visit_lock, name="visit_lock"),
    path(f"{PATIENT}unblind/", unblinding.patient_unblind, name="patient_unblind"),
    path(f"{STUDY}unblind/", unblinding.study_unblind, name="study_unblind"),
    path(
        f"{STUDY}unblind/<uuid:unblinding_id>/",
        unblinding.unblind_decision,
        name="unblind_decision",
    ),
    path(f"{VISIT}sign/", signing.visit_sign, name="visit_sign"),
    path(f"{STUDY}reads/", reads.read_list, name="reads"),
    path(f"{STUDY}reads/cases/", read_cases.case_list, name="read_cases"),
    path(f"{STUDY}reads/cases/<uuid:visit_id>/", read_cases.read_case, name="read_case"),
    path(f"{STUDY}reads/<uuid:assignment_id>/", reads.read_page, name="read"),
    path(f"{STUDY}reads/<uuid:assignment_id>/preview/", reads.read_preview, name="read_preview"),
    path("queries/", queries.query_list, name="queries"),
    path("queries/<uuid:query_id>/", queries.query_page, name="query"),
    # the schedule
    path(f"{VISIT}edit/", visits.visit_edit, name="visit_edit"),
    path(f"{VISIT}scans/not-done/", not_done.scan_not_done, name="scan_not_done"),
    path(
        f"{PATIENT}planned/<uuid:definition_id>/not-done/",
        not_done.visit_not_done,
        name="visit_not_done",
    ),
    path(f"{STUDY}not-done/<uuid:not_done_id>/", not_done.not_done_edit, name="not_done_edit"),
    path(f"{STUDY}deviations/", deviations.deviation_list, name="deviations"),
    path(f"{STUDY}deviations/<uuid:deviation_id>/", deviations.deviation_page, name="deviation"),
    path(f"{PATIENT}deviations/new/", deviations.deviation_new, name="deviation_new"),
    path("account/notices/", notices.notices_page, name="notices"),
    path("calendar/<str:token>.ics", notices.calendar_feed, name="calendar_feed"),
    path(f"{SETTINGS}", settings.settings_page, name="study_settings"),
    path(f"{SETTINGS}change/", settings.settings_change, name="settings_change"),
    path(f"{SETTINGS}sites/new/", settings.site_new, name="site_new"),
    path(f"{SETTINGS}sites/<uuid:site_id>/", settings.site_edit, name="site_edit"),
    path(f"{SETTINGS}visits/new/", settings.definition_new, name="definition_new"),
    path(
        f"{SETTINGS}visits/<uuid:definition_id>/",
        settings.definition_edit,
        name="definition_edit",
    ),
]
