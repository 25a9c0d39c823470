"""Reading who takes part in a study, and who is invited."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from mldtrial.accounts.services import second_factors
from mldtrial.trial.models import Invitation, Membership, Study
from mldtrial.trial.policies import visible_to


def must_enrol(*, user: Any, held: Iterable[Membership]) -> bool:
    """Return whether a study of the memberships asks for a second factor, and there is none."""
    asks = any(membership.study.requires_mfa for membership in held)
    return asks and not second_factors.is_enrolled(user)


def people(of: Study, *, user: Any) -> QuerySet[Membership]:
    """Return every membership of a study, active ones first, with `has_second_factor`."""
    factors = Authenticator.objects.filter(user=OuterRef("user"), type__in=second_factors.FACTORS)
    return (
        visible_to(user, Membership.objects.filter(study=of))
        .select_related("user", "site", "study")
        .annotate(has_second_factor=Exists(factors))
        .order_by("-is_active", "user__full_name", "user__username", "role", "site__code")
    )


def membership(of: Study, membership_id: UUID, *, user: Any) -> Membership:
    """Return a membership of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = people(of, user=user).filter(pk=membership_id).first()
    if found is None:
        raise Http404("No such membership.")
    return found


def open_invitations(of: Study, *, user: Any) -> QuerySet[Invitation]:
    """Return the invitations of a study that were neither accepted nor withdrawn."""
    return (
        visible_to(user, Invitation.objects.filter(study=of))
        .filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
        .select_related("site", "study", "invited_by")
    )


def invitation(of: Study, invitation_id: UUID, *, user: Any) -> Invitation:
    """Return an open invitation of a study.

    Raises
    ------
    Http404
        If there is none, or it is not in this person's reach.
    """
    found = open_invitations(of, user=user).filter(pk=invitation_id).first()
    if found is None:
        raise Http404("No such invitation.")
    return found
